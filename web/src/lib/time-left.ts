import type { RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { useLostAt } from './connection.ts'
import { live } from './live.ts'
import { useNow } from './use-now.ts'

/** How far the server's clock is ahead of this machine's, as the event stream last told. */
let aheadMs = 0
live.on('hello', ({ now }) => {
  aheadMs = now - Date.now()
})

type Estimate = Pick<RequestSummary, 'etaSeconds' | 'etaToldAt' | 'isOverdue'>

/** For so long after its time an image is said to be done in a moment: half of all take a little longer than usual. */
const A_MOMENT_S = 2

/** The request with its estimate counted down to a time of the server's clock: to 0, then there is none any more. */
export function countDown<T extends Estimate>(request: T, now: number): T {
  const { etaSeconds, etaToldAt } = request
  if (etaSeconds === null) return request
  const left = etaSeconds - (etaToldAt === null ? 0 : Math.max(0, now - etaToldAt) / 1000)
  if (left <= -A_MOMENT_S) return { ...request, etaSeconds: null, isOverdue: true }
  return { ...request, etaSeconds: Math.max(0, Math.ceil(left)) }
}

/** The server's time, anew every second; it stands still while the gateway does not answer, for what goes on is not known. */
export function useServerTime(): number {
  const now = useNow(1000)
  return (useLostAt() ?? now) + aheadMs
}

/** The same, anew often enough for what takes minutes, and never standing still. */
export const useServerNow = (): number => useNow() + aheadMs

/** The request with its estimate counted down to this moment; while the gateway does not answer nothing is estimated. */
export function useTimeLeft<T extends Estimate & Pick<RequestSummary, 'queuePosition'>>(request: T): T {
  const now = useServerTime()
  return useLostAt() === undefined
    ? countDown(request, now)
    : { ...request, etaSeconds: null, isOverdue: false, queuePosition: null }
}
