import type { FastifyInstance, FastifyReply } from 'fastify'
import { bearerOf } from '../../auth/bearer.ts'
import type { RateLimits, RateStanding } from '../../auth/rate-limits.ts'
import { errors } from '../../lib/errors.ts'
import { DASHBOARD_KEY_ID } from '../../lib/principal.ts'

/**
 * Counts every authenticated call of the scope against its key, or the person who is signed in, and tells in the answer's headers
 * where that stands. Throws `rate_limit_exceeded`.
 */
export function limitRates(scope: FastifyInstance, { rateLimits }: { rateLimits: RateLimits }): void {
  scope.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.operation === undefined) return
    const standing = await rateLimits.countCall(request.principal)
    if (!standing) return
    tellStanding(reply, standing)
    // A proxy in front may send tokens of its own along with a session.
    const hasKey = request.principal.keyId !== DASHBOARD_KEY_ID && bearerOf(request) !== undefined
    const who = hasKey ? 'This API key' : 'You'
    refuseExceeded(standing, `${who} may make ${standing.limit} requests`)
  })
}

/** Throws `rate_limit_exceeded` when the limit is; `allowed` says what may be done per minute. */
export function refuseExceeded({ exceeded, resetMs }: RateStanding, allowed: string): void {
  if (!exceeded) return
  const seconds = Math.max(1, Math.ceil(resetMs / 1000))
  throw errors.rateLimited(`${allowed} per minute. Try again in ${seconds} seconds.`, seconds)
}

function tellStanding(reply: FastifyReply, standing: RateStanding): void {
  void reply.headers({
    'x-ratelimit-limit-requests': standing.limit,
    'x-ratelimit-remaining-requests': standing.remaining,
    'x-ratelimit-reset-requests': formatReset(standing.resetMs)
  })
}

/** Milliseconds as OpenAI spells the time until a limit is whole again: `12ms`, `1s`, `6m0s`. */
export function formatReset(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
