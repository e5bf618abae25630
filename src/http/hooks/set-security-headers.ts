import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Config } from '../../config/config.ts'
import { basePathOf } from '../../lib/base-path.ts'
import { publicUrl } from '../public-url.ts'

/** What is no page shows nothing, runs nothing and is shown in nothing. Pages say what they need instead. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'"

/** The API reference is one script and styles of its own. */
const API_REFERENCE = [
  "default-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'"
].join('; ')

const YEAR_S = 31_536_000

/**
 * Every answer says to browsers what may be done with it; a route may say something else. Over https, browsers are told
 * to stay with it, where all of the host is ours: below a path, the host's other sites may differ.
 */
export function setSecurityHeaders(app: FastifyInstance, { publicUrl: configured }: Pick<Config, 'publicUrl'>): void {
  const isRoot = basePathOf(configured) === ''
  app.addHook('onRequest', async (request, reply) => {
    refuseFrames(reply)
    if (/^\/docs(\/|\?|$)/.test(request.url)) void reply.header('content-security-policy', API_REFERENCE)
  })
  // When it is known how the call reached us.
  app.addHook('onSend', async (request, reply) => {
    if (isRoot && request.reached !== undefined && publicUrl(request, configured).startsWith('https:')) {
      void reply.header('strict-transport-security', `max-age=${YEAR_S}`)
    }
  })
}

/** What holds for every answer, those included that come before any hook. */
export const refuseFrames = (reply: FastifyReply): FastifyReply =>
  reply.headers({
    'content-security-policy': NO_PAGE,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin'
  })
