import type { RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
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

/** The server's time, anew every second. */
export const useServerTime = (): number => useNow(1000) + aheadMs

/** The same, anew often enough for what takes minutes. */
export const useServerNow = (): number => useNow() + aheadMs

/** The request with its estimate counted down to this moment. */
export const useTimeLeft = <T extends Estimate>(request: T): T => countDown(request, useServerTime())
