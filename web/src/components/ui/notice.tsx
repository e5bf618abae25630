import { clsx } from 'clsx'
import { CircleAlert, Info } from 'lucide-react'
import type { ReactNode } from 'react'

/** Something to know before going on. What is bad is read out at once. */
export function Notice({ look, children }: { look: 'bad' | 'info'; children: ReactNode }) {
  const Icon = look === 'bad' ? CircleAlert : Info
  return (
    <div
      role={look === 'bad' ? 'alert' : undefined}
      className={clsx(
        'flex gap-2.5 rounded-lg px-3 py-2.5',
        look === 'bad' ? 'bg-bad-soft text-bad' : 'bg-info-soft text-info'
      )}
    >
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden />
      <div className="min-w-0">{children}</div>
    </div>
  )
}
