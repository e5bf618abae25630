import { setImmediate } from 'node:timers/promises'
import type { Db } from '../db/database.ts'
import { listImagesSince, type MeasuredImage } from './provider-usage-store.ts'

/** What a service made. */
export interface ServiceMeasure {
  providerId: string
  images: number
  /** Median over its images. */
  secondsPerMegapixel: number
}

/** A slice keeps the process for a few milliseconds. */
const SLICE = 1000

/** What each service made since then, by its id. Reads slices and lets others work in between. */
export async function measureServices(
  db: Db,
  since: number,
  slice: number = SLICE
): Promise<Map<string, ServiceMeasure>> {
  const paces = new Map<string, { providerId: string; of: number[] }>()
  let images: MeasuredImage[] = []
  do {
    if (images.length > 0) await setImmediate()
    images = await listImagesSince(db, { since, after: images.at(-1), limit: slice })
    for (const { service_id, provider_id, width, height, generating_ms } of images) {
      const known = paces.get(service_id) ?? { providerId: provider_id, of: [] }
      known.of.push(generating_ms / 1000 / ((width * height) / 1e6))
      paces.set(service_id, known)
    }
  } while (images.length === slice)
  return new Map(
    [...paces].map(([id, { providerId, of }]) => [
      id,
      { providerId, images: of.length, secondsPerMegapixel: medianOf(of) }
    ])
  )
}

/** The median of at least one number. */
function medianOf(numbers: readonly number[]): number {
  const sorted = Float64Array.from(numbers).sort()
  const middle = sorted.length / 2
  const [below = 0, above = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return (below + above) / 2
}
