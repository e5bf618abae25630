import { clsx } from 'clsx'
import type { RequestStatus } from '../../../../src/http/dashboard/contract/requests.ts'

const LOOKS: Record<RequestStatus, { label: string; look: string; dot: string }> = {
  queued: { label: 'Queued', look: 'bg-warn-soft text-warn', dot: 'bg-warn' },
  running: { label: 'Running', look: 'bg-info-soft text-info', dot: 'bg-info animate-pulse' },
  succeeded: { label: 'Done', look: 'bg-good-soft text-good', dot: 'bg-good' },
  failed: { label: 'Failed', look: 'bg-bad-soft text-bad', dot: 'bg-bad' },
  canceled: { label: 'Canceled', look: 'bg-hover text-muted', dot: 'bg-faint' }
}

/** Every status with the word people see. */
export const STATUS_LABELS = Object.entries(LOOKS).map(([value, { label }]) => ({
  value: value as RequestStatus,
  label
}))

export function StatusBadge({ status, className }: { status: RequestStatus; className?: string }) {
  const { label, look, dot } = LOOKS[status]
  return (
    <span
      className={clsx(
        'inline-flex h-6 items-center gap-1.5 rounded-full px-2.5 text-xs font-medium whitespace-nowrap',
        look,
        className
      )}
    >
      <span className={clsx('size-1.5 shrink-0 rounded-full', dot)} aria-hidden />
      {label}
    </span>
  )
}
