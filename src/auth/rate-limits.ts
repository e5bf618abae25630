import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { DASHBOARD_KEY_ID, type Principal } from '../lib/principal.ts'

const MINUTE_S = 60

/** Pages ask a lot in a minute. Below this the dashboard would break, and with it the page that changes the limit. */
export const LEAST_OF_SESSIONS = 300

export interface RateStanding {
  limit: number
  remaining: number
  /** Milliseconds until the limit is whole again. */
  resetMs: number
  exceeded: boolean
}

export interface RateLimits {
  /** Counts one call of a key, or of somebody who is signed in; undefined when no limit is set for it. */
  countCall(principal: Pick<Principal, 'keyId' | 'userId' | 'rateLimit'>): Promise<RateStanding | undefined>
  /** Counts one wrong key from an address. */
  countWrongKey(address: string): Promise<void>
  /** Whether an address has sent too many wrong keys; asked before a key is looked at. */
  isBarred(address: string): Promise<boolean>
}

/**
 * Limits requests per minute, of each key and of each person (all their sessions together). `perMinute` is asked at
 * each call; 0 is no limit, unless a key carries its own. The counts live in this process.
 */
export function createRateLimits(options: { perMinute: () => number; wrongKeysPerMinute: number }): RateLimits {
  // One counter per limit: a key's points are fixed when its limiter is made.
  const limiters = new Map<number, RateLimiterMemory>()
  const limiterOf = (points: number) => {
    const limiter =
      limiters.get(points) ?? new RateLimiterMemory({ points, duration: MINUTE_S, keyPrefix: `${points}` })
    limiters.set(points, limiter)
    return limiter
  }
  const wrongKeys = new RateLimiterMemory({
    points: options.wrongKeysPerMinute,
    duration: MINUTE_S,
    keyPrefix: 'wrong'
  })

  return {
    countCall: async ({ keyId, userId, rateLimit }) => {
      const isSession = keyId === DASHBOARD_KEY_ID
      const asked = rateLimit ?? options.perMinute()
      if (asked === 0) return undefined
      const limit = isSession ? Math.max(asked, LEAST_OF_SESSIONS) : asked
      const { exceeded, result } = await consume(limiterOf(limit), isSession ? userId : keyId)
      return { limit, remaining: Math.max(0, result.remainingPoints), resetMs: result.msBeforeNext, exceeded }
    },
    countWrongKey: async (address) => void (await consume(wrongKeys, address)),
    isBarred: async (address) => ((await wrongKeys.get(address))?.remainingPoints ?? 1) <= 0
  }
}

/** Takes one of the points of a key, and tells how it stands then. */
export async function consume(
  limiter: RateLimiterMemory,
  key: string
): Promise<{ exceeded: boolean; result: RateLimiterRes }> {
  try {
    return { exceeded: false, result: await limiter.consume(key) }
  } catch (thrown) {
    if (thrown instanceof RateLimiterRes) return { exceeded: true, result: thrown } // How the library says no.
    throw thrown
  }
}
