import type { FastifyInstance, FastifyRequest } from 'fastify'
import { authorize } from '../../auth/permissions.ts'
import { bearerOf } from '../../auth/bearer.ts'
import type { HttpContext } from '../http-context.ts'

type OperationsContext = Pick<HttpContext, 'keyGuard' | 'checkReady' | 'isDraining' | 'metrics'>

/** What operators and their machines ask: is it alive, can it serve, how is it doing. */
export function registerOperations(app: FastifyInstance, context: OperationsContext): void {
  const hidden = { schema: { hide: true } }

  app.get('/healthz', hidden, () => ({ status: 'ok' }))

  app.get('/readyz', hidden, async (_request, reply) => {
    const problem = context.isDraining() ? 'the server is stopping' : await problemOf(context.checkReady)
    return problem === undefined
      ? { status: 'ready' }
      : reply.status(503).header('retry-after', '5').send({ status: 'not ready', problem })
  })

  app.get('/metrics', hidden, async (request, reply) => {
    await allowMetrics(context, request)
    return reply.type(context.metrics.contentType).send(await context.metrics.text())
  })
}

async function problemOf(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown'
  }
}

/** Loopback needs no key, unless the request came through a proxy on this machine. */
async function allowMetrics({ keyGuard }: OperationsContext, request: FastifyRequest): Promise<void> {
  const address = request.socket.remoteAddress ?? ''
  const forwarded = request.headers['x-forwarded-for'] !== undefined || request.headers.forwarded !== undefined
  const local = address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
  if (local && !forwarded) return
  authorize(await keyGuard.authenticate(bearerOf(request), request.reached.address), 'readMetrics')
}
