import { clsx } from 'clsx'
import { CircleAlert, type LucideIcon, RotateCw } from 'lucide-react'
import type { ReactNode } from 'react'
import { messageOf } from '../../lib/fetch-json.ts'
import { Button } from './button.tsx'

/** Stands where something will be, in its final size. */
export const Skeleton = ({ className }: { className?: string }) => (
  <div data-skeleton aria-hidden className={clsx('animate-pulse rounded-lg bg-hover', className)} />
)

/** Nothing is there yet: what it will be, and what to do next. */
export function EmptyState(props: { icon: LucideIcon; title: string; children?: ReactNode; action?: ReactNode }) {
  const { icon: Icon, title, children, action } = props
  return (
    <div className="flex flex-col items-center gap-3 rounded-2xl border border-dashed border-line px-6 py-16 text-center">
      <span className="flex size-12 items-center justify-center rounded-full bg-accent-soft text-accent">
        <Icon className="size-6" aria-hidden />
      </span>
      <h2 className="text-base font-semibold">{title}</h2>
      {children !== undefined && <div className="max-w-md text-muted">{children}</div>}
      {action}
    </div>
  )
}

/** Something went wrong: what happened, and once more. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <div
      role="alert"
      className="flex flex-col items-center gap-3 rounded-2xl border border-line px-6 py-12 text-center"
    >
      <CircleAlert className="size-6 text-bad" aria-hidden />
      <p className="max-w-md">{messageOf(error)}</p>
      {onRetry && (
        <Button icon={RotateCw} onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  )
}
