import { clsx } from 'clsx'
import type { ReactNode } from 'react'

const LOOKS = {
  plain: 'bg-hover text-muted',
  good: 'bg-good-soft text-good',
  bad: 'bg-bad-soft text-bad',
  warn: 'bg-warn-soft text-warn',
  info: 'bg-info-soft text-info',
  accent: 'bg-accent-soft text-accent'
}

export const Badge = ({ look = 'plain', children }: { look?: keyof typeof LOOKS; children: ReactNode }) => (
  <span
    className={clsx(
      'inline-flex h-5.5 items-center gap-1 rounded-md px-1.5 text-xs font-medium whitespace-nowrap',
      LOOKS[look]
    )}
  >
    {children}
  </span>
)
