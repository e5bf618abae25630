import { clsx } from 'clsx'
import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { formatNumber } from '../../lib/format.ts'
import { useLingering } from './lingering.ts'
import { QueueRow } from './queue-row.tsx'

export interface QueueListProps {
  title: string
  items: readonly RequestSummary[]
  /** What the other part of the queue shows. */
  others: readonly RequestSummary[]
  /** Whose request it is is told, too. */
  showOwner: boolean
}

/** One part of the queue. What leaves the queue fades and closes up instead of vanishing; an empty part is not there. */
export function QueueList({ title, items, others, showOwner }: QueueListProps) {
  const shown = useLingering(items, others)
  if (shown.length === 0) return null
  return (
    <section aria-label={title} className="flex flex-col gap-2">
      <h2 className="flex items-baseline gap-2 font-medium">
        {title}
        <span className="text-xs font-normal text-faint tabular-nums">{formatNumber(items.length)}</span>
      </h2>
      <ul className="flex flex-col overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
        {shown.map(({ item, leaving }) => (
          <li
            key={item.id}
            inert={leaving}
            className={clsx(
              'grid border-b border-line transition-[grid-template-rows,opacity,border-color] duration-300 last:border-b-0 starting:opacity-0',
              leaving ? 'grid-rows-[0fr] border-transparent opacity-0' : 'grid-rows-[1fr]'
            )}
          >
            <QueueRow request={item} showOwner={showOwner} />
          </li>
        ))}
      </ul>
    </section>
  )
}
