import { RateLimiterMemory } from 'rate-limiter-flexible'
import { consume } from '../auth/rate-limits.ts'
import { AppError, errors } from '../lib/errors.ts'
import { normalEmail } from './email-address.ts'

const WINDOW_S = 300

/** Whose tries are counted together: the caller's address, and the account that is tried when it is known. */
export interface Trier {
  address: string
  email?: string | undefined
}

export interface SignInLimits {
  /**
   * Runs a try that is counted before it begins, so that many at the same moment cannot pass together, and taken back
   * when its result is a free one, or it was refused for what was typed. Throws `rate_limit_exceeded` without running it.
   */
  attempt<T>(trier: Trier, work: () => Promise<T>, options: { isFree: (result: T) => boolean }): Promise<T>
}

/**
 * Allows so many `tries` (asked at each of them) within five minutes from one address, and for one e-mail address, whether or
 * not there is such a person.
 */
export function createSignInLimits({ tries }: { tries: () => number }): SignInLimits {
  const limiter = new RateLimiterMemory({ points: tries(), duration: WINDOW_S, keyPrefix: 'sign-in' })
  return {
    attempt: async ({ address, email }, work, { isFree }) => {
      const keys = [`address ${address}`, ...(email === undefined ? [] : [`email ${normalEmail(email).slice(0, 320)}`])]
      limiter.points = tries()
      // The address first, and no more when it has none left: it must not go on to shut others out of their accounts, nor
      // be remembered with every account that it names.
      for (const key of keys) {
        const { exceeded, result } = await consume(limiter, key)
        if (exceeded) throw errors.tooManySignIns(Math.max(1, Math.ceil(result.msBeforeNext / 1000)))
      }
      const giveBack = () => Promise.all(keys.map((key) => limiter.reward(key)))
      try {
        const result = await work()
        if (isFree(result)) await giveBack()
        return result
      } catch (error) {
        if (error instanceof AppError && error.code === 'invalid_request') await giveBack()
        throw error
      }
    }
  }
}
