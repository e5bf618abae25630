import { AppError, errors } from '../lib/errors.ts'
import type { Principal } from '../lib/principal.ts'
import type { ApiKeys } from './api-keys.ts'
import type { RateLimits } from './rate-limits.ts'

/** Seconds after which an address that sent too many wrong keys may try again. */
const BARRED_FOR_S = 60

export interface KeyGuard {
  /**
   * Who holds this key. An address that sent too many wrong ones is answered without looking, except for keys that are
   * known to be good: guessing is useless, and one misconfigured neighbour shuts nobody out.
   * Throws `invalid_api_key` and `rate_limit_exceeded`.
   */
  authenticate(secret: string | undefined, address: string): Promise<Principal>
}

export function createKeyGuard(parts: { apiKeys: ApiKeys; rateLimits: RateLimits }): KeyGuard {
  const { apiKeys, rateLimits } = parts
  const tooMany = () =>
    errors.rateLimited('Too many wrong API keys came from this address. Try again in a minute.', BARRED_FOR_S)
  return {
    authenticate: async (secret, address) => {
      if (!apiKeys.isWarm(secret) && (await rateLimits.isBarred(address))) throw tooMany()
      try {
        return await apiKeys.authenticate(secret)
      } catch (error) {
        const wrong = error instanceof AppError && error.code === 'invalid_api_key'
        if (wrong && secret !== undefined) await rateLimits.countWrongKey(address)
        throw error
      }
    }
  }
}
