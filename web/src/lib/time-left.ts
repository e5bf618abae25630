import type { RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { live } from './live.ts'
import { useNow } from './use-now.ts'

/** How far the server's clock is ahead of this machine's, as the event stream last told. */
let aheadMs = 0
live.on('hello', ({ now }) => {
  aheadMs = now - Date.now()
})

type Estimate = Pick<RequestSummary, 'etaSeconds' | 'etaToldAt'>

/** Seconds that are left of an estimate at a time of the server's clock; never below 0, null without an estimate. */
export function leftOf({ etaSeconds, etaToldAt }: Estimate, now: number): number | null {
  if (etaSeconds === null) return null
  const passed = etaToldAt === null ? 0 : Math.max(0, now - etaToldAt) / 1000
  return Math.max(0, Math.ceil(etaSeconds - passed))
}

/** The server's time, anew every second. */
export const useServerTime = (): number => useNow(1000) + aheadMs

/** The same, anew often enough for what takes minutes. */
export const useServerNow = (): number => useNow() + aheadMs

/** The request with its estimate counted down to this moment. */
export function useTimeLeft<T extends Estimate>(request: T): T {
  const now = useServerTime()
  return request.etaSeconds === null ? request : { ...request, etaSeconds: leftOf(request, now) }
}
