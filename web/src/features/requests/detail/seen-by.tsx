import type { RequestDetail } from '../../../../../src/http/dashboard/contract/requests.ts'
import { Panel } from '../../../components/ui/panel.tsx'
import { RelativeTime } from '../../../components/ui/relative-time.tsx'
import { formatNumber } from '../../../lib/format.ts'

/** Which admins looked at a request of the reader's own, and when. */
export function SeenBy({ seenBy }: Pick<RequestDetail, 'seenBy'>) {
  if (seenBy.length === 0) return null
  return (
    <Panel title="Seen by an admin">
      <ul className="flex flex-col gap-2">
        {seenBy.map(({ id, name, lastAt, times }) => (
          <li key={id} className="flex flex-wrap justify-between gap-x-3">
            <span className="[overflow-wrap:anywhere]">{name}</span>
            <span className="text-muted">
              <RelativeTime at={lastAt} />
              {times > 1 && `, in ${formatNumber(times)} hours`}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
