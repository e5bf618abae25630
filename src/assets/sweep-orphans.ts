import type { Clock } from '../lib/clock.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { AssetStore } from './asset-store.ts'
import { type Listed, listPortions, ORPHAN_AGE_MS } from './list-portions.ts'
import { imageKeyOf, PREFIXES, quarantinedAs, quarantineKey, thumbnailKeys } from './storage-keys.ts'

const AT_A_TIME = 500

export interface SweepParts {
  store: Pick<ObjectStore, 'list' | 'move' | 'remove' | 'dropEmptyFolders'>
  assets: Pick<AssetStore, 'knownKeys' | 'listUnwanted' | 'forgetUnwanted'>
  clock: Clock
  /** How long images that no row refers to are kept, from the end of the day on which they are set aside; 0: until the next sweep. */
  quarantineMs: number
  minAgeMs?: number
  /** Looks at all images and thumbnails, too, and not only at what is noted or set aside; default true. */
  walks?: boolean
  /** Ends it early; the next one goes on from there. */
  signal?: AbortSignal
}

/** Images that are set aside, and their bytes. */
export interface Quarantine {
  images: number
  bytes: number
}

export interface Swept {
  /** Objects that went for good, those of deleted images not counted with their thumbnails. */
  removed: number
  /** Images that were set aside and are back, because a row refers to them again. */
  restored: number
  quarantine: Quarantine
}

/**
 * Sets stored images aside that no row refers to. A process that dies between storing an image and writing its row leaves
 * such, and so does a database that is older than the images, a restored backup or one whose log is lost: those are
 * somebody's, and nobody can name them. They are erased after `quarantineMs`, by a later sweep than the one that set them aside:
 * whoever writes a row of one meanwhile gets it back. They are put back whenever a row refers to them again.
 *
 * What is known not to be wanted is removed at once: images whose last row was deleted, and thumbnails of no image.
 */
export async function sweepOrphans(parts: SweepParts): Promise<Swept> {
  let removed = await removeUnwanted(parts)
  // First, so that what is set aside now is not met again.
  const kept = await lookThroughQuarantine(parts)
  const { quarantine } = kept
  removed += kept.removed
  const now = parts.clock.now()
  for (const prefix of parts.walks === false ? [] : [PREFIXES.images, PREFIXES.thumbnails]) {
    for await (const orphans of orphansAmong(parts, prefix)) {
      if (prefix === PREFIXES.thumbnails) {
        await parts.store.remove(orphans.map(({ key }) => key))
        removed += orphans.length
        continue
      }
      for (const { key, bytes } of orphans) {
        if (parts.signal?.aborted) break
        if (!(await parts.store.move(key, quarantineKey(key, now)))) continue
        quarantine.images += 1
        quarantine.bytes += bytes
      }
    }
  }
  return { removed, restored: kept.restored, quarantine }
}

/** Objects that are old enough and belong to an image that no row refers to, a portion at a time. */
async function* orphansAmong(parts: SweepParts, prefix: string) {
  const { clock, minAgeMs } = parts
  const before = clock.now() - (minAgeMs ?? ORPHAN_AGE_MS)
  const read = ({ key, bytes, modifiedAt }: Listed) => {
    const imageKey = modifiedAt <= before ? imageKeyOf(key) : undefined
    return imageKey === undefined ? undefined : { key, imageKey, bytes }
  }
  for await (const { objects, known } of listPortions(parts, { prefix, read })) {
    yield objects.filter(({ imageKey }) => !known.has(imageKey))
  }
}

async function lookThroughQuarantine(parts: SweepParts): Promise<Swept> {
  const { store, clock, quarantineMs } = parts
  const swept: Swept = { removed: 0, restored: 0, quarantine: { images: 0, bytes: 0 } }
  const now = clock.now()
  const read = ({ key, bytes }: Listed) => {
    const set = quarantinedAs(key)
    return set && { key, imageKey: set.imageKey, bytes, endsAt: set.dayEndsAt + quarantineMs }
  }
  for await (const { objects, known } of listPortions(parts, { prefix: PREFIXES.quarantine, read })) {
    for (const { key, imageKey, bytes, endsAt } of objects) {
      if (parts.signal?.aborted) break
      if (known.has(imageKey)) {
        if (await store.move(key, imageKey)) swept.restored += 1
      } else if (quarantineMs === 0 || endsAt <= now) {
        await store.remove([key])
        swept.removed += 1
      } else {
        swept.quarantine.images += 1
        swept.quarantine.bytes += bytes
      }
    }
  }
  await store.dropEmptyFolders(PREFIXES.quarantine)
  return swept
}

/** Removes images whose last row was deleted by a process that did not come to removing them. */
async function removeUnwanted({ store, assets, signal }: SweepParts): Promise<number> {
  let removed = 0
  for (;;) {
    const keys = await assets.listUnwanted(AT_A_TIME)
    if (keys.length === 0 || signal?.aborted) return removed
    // An older database may know of the image and of its end.
    const known = await assets.knownKeys(keys)
    const unknown = keys.filter((key) => !known.has(key))
    await store.remove(unknown.flatMap((key) => [key, ...thumbnailKeys(key)]))
    await assets.forgetUnwanted(keys)
    removed += unknown.length
  }
}
