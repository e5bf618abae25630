import type { Clock } from '../lib/clock.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { AssetStore } from './asset-store.ts'
import { imageKeyOf } from './storage-keys.ts'

/** Bytes younger than this may belong to a transaction that is about to commit. */
export const ORPHAN_AGE_MS = 3_600_000
const AT_A_TIME = 500

/**
 * Removes stored images that no row refers to, and thumbnails of such: what a process left that died between storing an
 * image and writing its row, or between deleting the row and the bytes. Returns how many objects went.
 */
export async function sweepOrphans(parts: {
  store: Pick<ObjectStore, 'list' | 'remove'>
  assets: Pick<AssetStore, 'knownKeys'>
  clock: Clock
  minAgeMs?: number
}): Promise<number> {
  const before = parts.clock.now() - (parts.minAgeMs ?? ORPHAN_AGE_MS)
  let removed = 0
  /** Keys of objects, each with that of its image. */
  let batch = new Map<string, string>()
  const removeUnknown = async () => {
    if (batch.size === 0) return
    const known = await parts.assets.knownKeys([...new Set(batch.values())])
    const orphans = [...batch].filter(([, imageKey]) => !known.has(imageKey)).map(([key]) => key)
    await parts.store.remove(orphans)
    removed += orphans.length
    batch = new Map()
  }
  for await (const { key, modifiedAt } of parts.store.list('')) {
    const imageKey = imageKeyOf(key)
    if (imageKey !== undefined && modifiedAt <= before) batch.set(key, imageKey)
    if (batch.size >= AT_A_TIME) await removeUnknown()
  }
  await removeUnknown()
  return removed
}
