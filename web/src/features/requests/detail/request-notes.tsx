import { CircleAlert, TriangleAlert } from 'lucide-react'
import type { AttemptInfo, RequestError } from '../../../../../src/http/dashboard/contract/requests.ts'
import { withLocalTimes } from '../../../lib/format.ts'
import { useErrorAdvice } from '../../../lib/advice/use-advice.ts'

/** Why it failed, as the server says, and, once it is known where it was tried, what to do about it. */
export function RequestFailure({
  error,
  model,
  attempts
}: {
  error: RequestError
  model: string
  attempts: readonly AttemptInfo[] | undefined
}) {
  const advice = useErrorAdvice({ error, model }, attempts)
  return (
    <div role="status" className="flex gap-3 rounded-2xl border border-line bg-bad-soft px-4 py-3">
      <CircleAlert className="mt-0.5 size-4.5 shrink-0 text-bad" aria-hidden />
      <div className="flex min-w-0 flex-col gap-1">
        <p className="font-medium [overflow-wrap:anywhere] text-bad">{withLocalTimes(error.message)}</p>
        {advice !== undefined && <p>{advice}</p>}
      </div>
    </div>
  )
}

export function RequestWarnings({ warnings }: { warnings: readonly string[] }) {
  if (warnings.length === 0) return null
  return (
    <div className="flex gap-3 rounded-2xl border border-line bg-warn-soft px-4 py-3">
      <TriangleAlert className="mt-0.5 size-4.5 shrink-0 text-warn" aria-hidden />
      <ul aria-label="Warnings" className="flex min-w-0 flex-col gap-1">
        {warnings.map((warning) => (
          <li key={warning} className="[overflow-wrap:anywhere]">
            {warning}
          </li>
        ))}
      </ul>
    </div>
  )
}
