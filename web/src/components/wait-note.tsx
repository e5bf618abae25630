import { Link } from '@tanstack/react-router'
import { Clock } from 'lucide-react'
import type { RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { useWaitAdvice } from '../lib/advice/use-advice.ts'
import type { WaitAdvice } from '../lib/advice/wait-advice.ts'

/** What may end a wait that does not end by itself; `reason` says why it waits, where nothing beside it does. */
export function WaitNote({ request, reason = null }: { request: RequestSummary; reason?: string | null }) {
  const advice = useWaitAdvice(request)
  if (advice === null && reason === null) return null
  return (
    <p role="status" className="flex gap-3 rounded-2xl border border-line bg-warn-soft px-4 py-3">
      <Clock className="mt-0.5 size-4.5 shrink-0 text-warn" aria-hidden />
      <span className="min-w-0 [overflow-wrap:anywhere]">
        {reason !== null && `${reason}. `}
        {advice && <AdviceText advice={advice} />}
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
