import { setImmediate } from 'node:timers/promises'
import type { Db } from '../db/database.ts'
import { listImagesSince, type MeasuredImage } from './provider-usage-store.ts'

/** What a service made. */
export interface ServiceMeasure {
  providerId: string
  images: number
  /** Median over its images that are large enough to tell; absent: there is none. */
  secondsPerMegapixel?: number
}

/** What smaller images take goes by their number, not by their pixels. */
const LEAST_MEGAPIXELS = 0.2

/** A slice keeps the process for a few milliseconds. */
const SLICE = 1000

/** What each service made since then, by its id. Reads slices and lets others work in between. */
export async function measureServices(
  db: Db,
  since: number,
  slice: number = SLICE
): Promise<Map<string, ServiceMeasure>> {
  const paces = new Map<string, { providerId: string; images: number; of: number[] }>()
  let images: MeasuredImage[] = []
  do {
    if (images.length > 0) await setImmediate()
    images = await listImagesSince(db, { since, after: images.at(-1), limit: slice })
    for (const { service_id, provider_id, width, height, generating_ms } of images) {
      const known = paces.get(service_id) ?? { providerId: provider_id, images: 0, of: [] }
      known.images += 1
      const megapixels = (width * height) / 1e6
      if (megapixels >= LEAST_MEGAPIXELS) known.of.push(generating_ms / 1000 / megapixels)
      paces.set(service_id, known)
    }
  } while (images.length === slice)
  return new Map(
    [...paces].map(([id, { providerId, images: all, of }]) => [
      id,
      { providerId, images: all, ...(of.length > 0 && { secondsPerMegapixel: medianOf(of) }) }
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
