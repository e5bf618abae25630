import type { FastifyInstance } from 'fastify'
import type { Config } from '../../config/config.ts'
import { createHostCheck, knownHosts } from '../../lib/allowed-hosts.ts'
import { createReached } from '../../lib/reached.ts'

/**
 * Tells every route and later hook how the call reached us, in `request.reached`. Throws like `createReached`, and for
 * names that are not ours like `createHostCheck`.
 */
export function readReached(app: FastifyInstance, config: Config): void {
  const reach = createReached(config.trustProxy)
  const checkHost = createHostCheck(knownHosts(config))
  app.addHook('onRequest', async (request) => {
    const reached = reach(request.raw)
    request.reached = { ...reached, isThroughCdn: config.cdn === 'auto' ? reached.isThroughCdn : config.cdn === 'on' }
    checkHost(reached)
  })
}
