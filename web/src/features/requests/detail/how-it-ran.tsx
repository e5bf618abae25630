import type { RequestDetail } from '../../../../../src/http/dashboard/contract/requests.ts'
import { useNow } from '../../../lib/use-now.ts'
import { isUnfinished } from '../../../lib/one-request.ts'
import { AttemptsTable } from './attempts-table.tsx'
import { Panel } from '../../../components/ui/panel.tsx'
import { TimingBars } from './timing-bars.tsx'
import { timingsOf, tookMs, waitedUntil } from './timing.ts'

/** Where and how long each image was worked on. */
export function HowItRan({ request }: { request: RequestDetail }) {
  const now = useNow(isUnfinished(request.status) ? 1000 : 60_000)
  const { attempts } = request
  return (
    <Panel title="How it ran">
      {attempts.length === 0 ? (
        <p className="text-muted">
          {isUnfinished(request.status) ? 'No machine works on it yet.' : 'No machine has worked on it.'}
        </p>
      ) : (
        <div className="flex flex-col gap-5">
          <TimingBars timings={timingsOf(attempts, now, waitedUntil(request))} took={tookMs(request) !== undefined} />
          <AttemptsTable attempts={attempts} now={now} />
        </div>
      )}
    </Panel>
  )
}
