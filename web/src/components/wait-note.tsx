import { Link } from '@tanstack/react-router'
import { Clock } from 'lucide-react'
import type { RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { useWaitAdvice } from '../lib/advice/use-advice.ts'
import type { WaitAdvice } from '../lib/advice/wait-advice.ts'
import { isUnfinished } from '../lib/one-request.ts'
import { useServerTime } from '../lib/time-left.ts'
import { reasonText } from '../lib/wait-words.ts'

/** Why a request waits that nobody may begin now, and what may end a wait that does not end by itself. */
export function WaitNote({ request }: { request: RequestSummary }) {
  const advice = useWaitAdvice(request)
  const reason = reasonText(request, useServerTime())
  if (reason === null || !isUnfinished(request.status)) return null
  return (
    <p role="status" className="flex gap-3 rounded-2xl border border-line bg-warn-soft px-4 py-3">
      <Clock className="mt-0.5 size-4.5 shrink-0 text-warn" aria-hidden />
      <span className="min-w-0 [overflow-wrap:anywhere]">
        {reason}. {advice && <AdviceText advice={advice} />}
      </span>
    </p>
  )
}

/** In words, with the way to the machine for who can do it there. */
export const AdviceText = ({ advice: { text, machine } }: { advice: WaitAdvice }) => (
  <>
    {text}
    {machine && (
      <>
        {' '}
        <Link to="/network/$id" params={{ id: machine.id }} className="text-accent underline underline-offset-2">
          Open {machine.name}
        </Link>
      </>
    )}
  </>
)
