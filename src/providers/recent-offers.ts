import { LRUCache } from 'lru-cache'
import type { Bell } from '../db/bell.ts'
import type { Offer } from './offers-store.ts'

/** For so long what was read counts, whatever rings. */
const RECENT_MS = 1000
/** Models whose offers are remembered; a club rarely has more that anybody asks for. */
const MODELS_KEPT = 64

/**
 * Gives offers of models as `read` does, or as it did a moment ago. What makes more of them usable rings for the dispatcher, and
 * what makes fewer rings as well, here or, as anything that another process writes, a fifth of a second later: then all is
 * forgotten. What may have changed unheard is asked again by every claim.
 */
export function createRecentOffers(
  bell: Pick<Bell, 'on'>,
  read: (models: readonly string[]) => Promise<Offer[]>
): (models: readonly string[]) => Promise<Offer[]> {
  const recent = new LRUCache<string, readonly Offer[]>({ max: MODELS_KEPT, ttl: RECENT_MS })
  let changes = 0
  for (const topic of ['tasks', 'providers', 'settings', 'accounts', 'keys'] as const) {
    bell.on(topic, (hint) => {
      // A hint says that an image waits, or that a place is free.
      if (hint !== undefined) return
      changes += 1
      recent.clear()
    })
  }
  return async (models) => {
    const known = new Map(models.map((model) => [model, recent.get(model)]))
    const missing = models.filter((model) => known.get(model) === undefined)
    if (missing.length > 0) {
      const before = changes
      const found = Map.groupBy(await read(missing), ({ model }) => model)
      for (const model of missing) {
        const offers = found.get(model) ?? []
        known.set(model, offers)
        if (changes === before) recent.set(model, offers)
      }
    }
    return models.flatMap((model) => known.get(model) ?? [])
  }
}
