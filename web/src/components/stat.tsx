import { clsx } from 'clsx'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

/** A row of numbers that matter most. */
export const StatRow = ({ className, children }: { className?: string; children: ReactNode }) => (
  <dl className={clsx('grid grid-cols-2 gap-3 lg:grid-cols-4', className)}>{children}</dl>
)

export interface StatProps {
  /** A link within it that has `after:absolute after:inset-0` takes the whole cell. */
  label: ReactNode
  icon?: LucideIcon
  /** Undefined while it is not known; its place is kept. */
  value: ReactNode
  detail?: ReactNode
  /** It stands out from the others. */
  look?: 'plain' | 'accent' | 'bad'
  className?: string
}

const LOOKS = { plain: '', accent: 'text-accent', bad: 'text-bad' }

export const Stat = ({ label, icon: Icon, value, detail, look = 'plain', className }: StatProps) => (
  <div
    className={clsx(
      'relative flex min-w-0 flex-col gap-1 rounded-2xl border border-line bg-surface px-4 py-3.5 shadow-card',
      className
    )}
  >
    <dt className="flex items-center gap-2 text-[13px] text-muted">
      {Icon && <Icon className="size-4 text-faint" aria-hidden />}
      {label}
    </dt>
    <dd className={clsx('min-h-8 truncate text-2xl leading-8 font-semibold tracking-tight tabular-nums', LOOKS[look])}>
      {value ?? <span className="block h-7 w-16 animate-pulse rounded-lg bg-hover" data-skeleton aria-hidden />}
    </dd>
    {detail !== undefined && <dd className="line-clamp-2 text-xs text-faint">{detail}</dd>}
  </div>
)
