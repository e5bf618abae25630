import type { FastifyInstance } from 'fastify'
import type { Config } from '../../config/config.ts'
import { createReached } from '../../lib/reached.ts'

/** Tells every route and later hook how the call reached us, in `request.reached`. Throws like `createReached`. */
export function readReached(app: FastifyInstance, { trustProxy }: Pick<Config, 'trustProxy'>): void {
  const reach = createReached(trustProxy)
  app.addHook('onRequest', async (request) => {
    request.reached = reach(request.raw)
  })
}
