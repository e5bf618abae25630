import type { ProviderInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { isImage, whyUnable } from './provider-lists.ts'

/**
 * The models of a machine that waits for an admin, and behind those that it could not make if it were let in now why not: `a, b; c
 * (image server lacks it)`. Of one that is away no reason is known.
 */
export function pendingModels(provider: Pick<ProviderInfo, 'isOnline' | 'drainedAt' | 'services'>): string {
  const reasons = new Map<string, string | null>()
  for (const service of provider.services.filter((one) => isImage(one) && one.access !== 'private')) {
    for (const model of service.models) {
      const why = provider.isOnline ? whyUnable(provider, service, model) : null
      const known = reasons.get(model.id)
      // Another service of its can make it.
      reasons.set(model.id, known === null ? null : why)
    }
  }
  const parts = [...Map.groupBy(reasons, ([, why]) => why)]
    .map(([why, same]) => ({ why, ids: same.map(([id]) => id).join(', ') }))
    .toSorted((a, b) => Number(a.why !== null) - Number(b.why !== null))
    .map(({ why, ids }) => (why === null ? ids : `${ids} (${why})`))
  return parts.join('; ') || 'no models'
}
