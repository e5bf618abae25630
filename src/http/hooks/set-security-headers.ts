import type { FastifyInstance } from 'fastify'
import type { Config } from '../../config/config.ts'
import { basePathOf } from '../../lib/base-path.ts'
import { NO_PAGE_HEADERS } from '../../lib/raw-answer.ts'
import { publicUrl } from '../public-url.ts'

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
    // Pages say what they need instead.
    void reply.headers(NO_PAGE_HEADERS)
    if (/^\/docs(\/|\?|$)/.test(request.url)) void reply.header('content-security-policy', API_REFERENCE)
  })
  // When it is known how the call reached us.
  app.addHook('onSend', async (request, reply) => {
    if (isRoot && request.reached !== undefined && publicUrl(request, configured).startsWith('https:')) {
      void reply.header('strict-transport-security', `max-age=${YEAR_S}`)
    }
  })
}
