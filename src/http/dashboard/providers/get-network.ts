import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import type { NetworkState } from '../contract/network.ts'
import { presentProvider } from './present-provider.ts'

/** `GET /api/dashboard/network`: every provider that the reader may know of. */
export function getNetwork(
  scope: FastifyInstance,
  { network, requestViews }: Pick<HttpContext, 'network' | 'requestViews'>
): void {
  scope.get('/network', { config: { operation: 'viewNetwork' } }, async ({ principal }): Promise<NetworkState> => {
    const report = await network.list(principal)
    const providers = report.providers.map(presentProvider)
    const known = new Set(
      providers.flatMap(({ services }) => services.flatMap(({ models }) => models.map(({ id }) => id)))
    )
    // What others ask for beside that is for admins alone to know: a name may be of a machine that is private.
    const waitingFor = [...(await requestViews.countQueuedByModel())]
      .map(([model, images]) => ({ model, images }))
      .filter(({ model, images }) => images > 0 && (principal.role === 'admin' || known.has(model)))
    return { ...report, providers, waitingFor }
  })
}
