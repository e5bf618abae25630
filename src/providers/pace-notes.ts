import { LRUCache } from 'lru-cache'
import type { Trx } from '../db/database.ts'
import { type MeasuredImage, notePace } from './service-paces-store.ts'

/**
 * So long after an image of a service and a model was measured no other is: what makes many a second is known well by one of
 * them, and a row would be written for each.
 */
const MEASURED_EVERY_MS = 1000
/** Services and models that are remembered as measured; a club has fewer. */
const REMEMBERED = 10_000

/** Measures images, as `notePace` does, but of each service and model one a second at most; `now` in milliseconds. */
export function createPaceNotes(now: () => number): (trx: Trx, measured: MeasuredImage) => Promise<void> {
  const measuredAt = new LRUCache<string, number>({ max: REMEMBERED })
  return async (trx, measured) => {
    const { serviceId, model, work } = measured
    // Images with and without steps are measured apart.
    const kind = `${serviceId} ${work.steps === undefined} ${model}`
    const at = now()
    // A clock that was set back holds up nothing.
    if (Math.abs(at - (measuredAt.get(kind) ?? -Infinity)) < MEASURED_EVERY_MS) return
    measuredAt.set(kind, at)
    await notePace(trx, measured)
  }
}
