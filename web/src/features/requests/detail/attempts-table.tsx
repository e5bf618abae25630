import type { AttemptInfo } from '../../../../../src/http/dashboard/contract/requests.ts'
import { Badge } from '../../../components/ui/badge.tsx'
import { faultText } from '../../../lib/fault-words.ts'
import { formatDuration } from '../../../lib/format.ts'
import { durationOf } from './timing.ts'

const OUTCOMES = {
  running: { label: 'Running', look: 'info' },
  lapsed: { label: 'Lost', look: 'warn' },
  succeeded: { label: 'Done', look: 'good' },
  failed: { label: 'Failed', look: 'bad' },
  canceled: { label: 'Canceled', look: 'plain' }
} as const

/** Every try of every image, those of an image in the order they began. */
export const AttemptsTable = ({ attempts, now }: { attempts: readonly AttemptInfo[]; now: number }) => (
  <table className="w-full text-left">
    <caption className="sr-only">Tries</caption>
    <thead>
      <tr className="text-xs text-faint">
        <th scope="col" className="pr-3 pb-1.5 font-medium">
          Image
        </th>
        <th scope="col" className="pr-3 pb-1.5 font-medium">
          Machine
        </th>
        <th scope="col" className="pr-3 pb-1.5 font-medium">
          Outcome
        </th>
        <th scope="col" className="pb-1.5 text-right font-medium">
          Took
        </th>
      </tr>
    </thead>
    <tbody className="align-top">
      {attempts
        .toSorted((a, b) => a.image - b.image)
        .map((attempt) => {
          const { label, look } = OUTCOMES[attempt.state]
          return (
            <tr key={`${attempt.image} ${attempt.assignedAt}`} className="border-t border-line">
              <td className="py-2 pr-3 tabular-nums">{attempt.image + 1}</td>
              <td className="py-2 pr-3 [overflow-wrap:anywhere]">
                {attempt.provider} <span className="text-faint">{attempt.service}</span>
              </td>
              <td className="py-2 pr-3">
                <Badge look={look}>{label}</Badge>
                {attempt.reason !== null && attempt.reason !== attempt.state && (
                  <span className="mt-1 block text-[13px] [overflow-wrap:anywhere] text-muted">
                    {faultText({ reason: attempt.reason, message: attempt.message })}
                  </span>
                )}
              </td>
              <td className="py-2 text-right whitespace-nowrap tabular-nums">
                {formatDuration(durationOf(attempt, now))}
              </td>
            </tr>
          )
        })}
    </tbody>
  </table>
)
