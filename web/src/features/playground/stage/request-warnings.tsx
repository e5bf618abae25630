import { useQuery } from '@tanstack/react-query'
import { Info } from 'lucide-react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { requestQuery } from '../api.ts'
import { submissions } from '../submit/submissions.ts'
import { isUnfinished } from './stage-entries.ts'

/** What the engine did otherwise than asked: told for what was just made, as options may have had no effect. */
export function RequestWarnings({ request }: { request: RequestSummary }) {
  const enabled = !isUnfinished(request) && submissions.isMadeHere(request.id)
  const { data } = useQuery({ ...requestQuery(request.id), enabled })
  if (!enabled || !data || data.warnings.length === 0) return null
  return (
    <ul className="flex flex-col gap-1 text-[13px] text-muted">
      {data.warnings.map((warning) => (
        <li key={warning} className="flex items-start gap-2">
          <Info className="mt-0.5 size-4 shrink-0 text-faint" aria-hidden />
          <span className="min-w-0 [overflow-wrap:anywhere]">{warning}</span>
        </li>
      ))}
    </ul>
  )
}
