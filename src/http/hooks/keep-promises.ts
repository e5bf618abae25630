import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { HttpContext } from '../http-context.ts'

/**
 * What answers from the database. Everything else is no promise and waits for no disk: pages, documents, and what operators
 * ask; and images, for nobody is told the address of one before it is kept.
 */
const PROMISES = /^\/(v1|api(?!\/inference\/assets\/))\//

/** Lets a reply that promises something leave when what it promises is on disk. */
export function keepPromises(app: FastifyInstance, { durable }: Pick<HttpContext, 'durable'>): void {
  app.addHook('onSend', async (request) => {
    if (isPromise(request)) await durable()
  })
}

/** A path that leads nowhere has no route, and OPTIONS tells what is possible. */
const isPromise = ({ method, routeOptions }: FastifyRequest): boolean =>
  method !== 'OPTIONS' && PROMISES.test(routeOptions.url ?? '')
