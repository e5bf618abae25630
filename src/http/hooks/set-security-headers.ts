import type { FastifyInstance } from 'fastify'
import type { Config } from '../../config/config.ts'
import { basePathOf } from '../../lib/base-path.ts'
import { NO_PAGE_HEADERS } from '../../lib/raw-answer.ts'
import { publicUrl } from '../public-url.ts'

const YEAR_S = 31_536_000

/**
 * Every answer says to browsers what may be done with it; a route may say something else. Over https, browsers are told
 * to stay with it, where all of the host is ours: below a path, the host's other sites may differ.
 */
export function setSecurityHeaders(app: FastifyInstance, { publicUrl: configured }: Pick<Config, 'publicUrl'>): void {
  const isRoot = basePathOf(configured) === ''
  app.addHook('onRequest', async (_request, reply) => {
    // Pages say what they need instead.
    void reply.headers(NO_PAGE_HEADERS)
  })
  // When it is known how the call reached us.
  app.addHook('onSend', async (request, reply) => {
    if (isRoot && request.reached !== undefined && publicUrl(request, configured).startsWith('https:')) {
      void reply.header('strict-transport-security', `max-age=${YEAR_S}`)
    }
  })
}
