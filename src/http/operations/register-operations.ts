import type { FastifyInstance, FastifyRequest } from 'fastify'
import { authorize } from '../../auth/permissions.ts'
import { bearerOf } from '../../auth/bearer.ts'
import { addressesIn } from '../../lib/addresses-in.ts'
import { isForwarded } from '../../lib/reached.ts'
import { retryAfter } from '../../lib/raw-answer.ts'
import type { HttpContext } from '../http-context.ts'

type OperationsContext = Pick<HttpContext, 'keyGuard' | 'checkReady' | 'isDraining' | 'metrics' | 'config' | 'logger'>

/** What operators and their machines ask: is it alive, can it serve, how is it doing. */
export function registerOperations(app: FastifyInstance, context: OperationsContext): void {
  const isListed = addressesIn(context.config.metricsAddresses)
  const hidden = { schema: { hide: true } }

  app.get('/healthz', hidden, () => ({ status: 'ok' }))

  app.get('/readyz', hidden, async (_request, reply) => {
    const problem = context.isDraining() ? 'the server is stopping' : await problemOf(context)
    return problem === undefined
      ? { status: 'ready' }
      : reply.status(503).headers(retryAfter(5)).send({ status: 'not ready', problem })
  })

  app.get('/metrics', hidden, async (request, reply) => {
    await allowMetrics(context, request, isListed)
    return reply.type(context.metrics.contentType).send(await context.metrics.text())
  })
}

/** Whoever asks learns no more than that: what the fault names (folders, hosts) is for the log. */
async function problemOf({ checkReady, logger }: OperationsContext): Promise<string | undefined> {
  try {
    await checkReady()
    return undefined
  } catch (error) {
    logger.error({ err: error }, 'requests cannot be served')
    return 'the database or the data folder cannot be used; the log of the server says why'
  }
}

/** Listed addresses need no key, unless somebody else's call was passed on by a proxy there that is not trusted. */
async function allowMetrics(
  { keyGuard }: OperationsContext,
  request: FastifyRequest,
  isListed: (address: string) => boolean
): Promise<void> {
  const { address, isProxied } = request.reached
  if (isListed(address) && (isProxied || !isForwarded(request.headers))) return
  authorize(await keyGuard.authenticate(bearerOf(request), address), 'readMetrics')
}
