import type { Clock } from '../lib/clock.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { AssetStore } from './asset-store.ts'

/** Bytes younger than this may belong to a transaction that is about to commit. */
export const ORPHAN_AGE_MS = 3_600_000
const AT_A_TIME = 500

/**
 * Removes stored bytes that no row refers to: what a process left that died between storing an image and writing its
 * row. Returns how many objects went.
 */
export async function sweepOrphans(parts: {
  store: Pick<ObjectStore, 'list' | 'remove'>
  assets: Pick<AssetStore, 'knownKeys'>
  clock: Clock
  minAgeMs?: number
}): Promise<number> {
  const before = parts.clock.now() - (parts.minAgeMs ?? ORPHAN_AGE_MS)
  let removed = 0
  let batch: string[] = []
  const removeUnknown = async () => {
    if (batch.length === 0) return
    const known = await parts.assets.knownKeys(batch)
    const orphans = batch.filter((key) => !known.has(key))
    await parts.store.remove(orphans)
    removed += orphans.length
    batch = []
  }
  for await (const { key, modifiedAt } of parts.store.list('images/')) {
    if (modifiedAt <= before) batch.push(key)
    if (batch.length >= AT_A_TIME) await removeUnknown()
  }
  await removeUnknown()
  return removed
}
