import { useQuery } from '@tanstack/react-query'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { useErrorAdvice } from '../../../lib/advice/use-advice.ts'
import { requestDetail } from '../../../lib/one-request.ts'
import { submissions } from '../submit/submissions.ts'

/**
 * What its reader can do about a request that failed. Where it was tried is asked for what was made in this tab, and for what is
 * wanted; the page of a request tells it of all others.
 */
export function useFailureAdvice({
  request,
  isWanted
}: {
  request: RequestSummary
  isWanted: boolean
}): string | undefined {
  const enabled = request.status === 'failed' && (isWanted || submissions.isMadeHere(request.id))
  const { data } = useQuery({ ...requestDetail(request.id), enabled })
  return useErrorAdvice(request, enabled ? data?.attempts : undefined)
}
