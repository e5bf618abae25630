import { createQueue } from '../lib/async.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { AssetRow, AssetStore } from './asset-store.ts'
import { hashOf } from './hash-of.ts'
import { PREFIXES, quarantinedAs } from './storage-keys.ts'
import { type Listed, listPortions, ORPHAN_AGE_MS } from './list-portions.ts'

const AT_A_TIME = 500
const LOOKED_AT_ONCE = 16

export interface CheckParts {
  store: Pick<ObjectStore, 'list' | 'stat' | 'open'>
  assets: Pick<AssetStore, 'knownKeys' | 'listUnwanted' | 'listAfter' | 'findAsset'>
  quarantineMs: number
  now: number
  /** Reads all images, to compare them with the hashes of their rows. */
  readsAll: boolean
}

/** An image whose row is there and whose bytes are not, not all of them, or others. */
export interface MissingImage {
  asset: AssetRow
  /** How many bytes there are instead; null: none. */
  foundBytes: number | null
}

/** Bytes of an image that no row refers to. */
export interface UnnamedImage {
  /** Where they lie. */
  key: string
  /** Where they lay, and lie again once a row refers to them. */
  imageKey: string
  bytes: number
  storedAt: number
  /** When they are erased; null while they are not set aside. */
  erasedAt: number | null
}

export interface StorageFindings {
  missing: MissingImage[]
  unnamed: UnnamedImage[]
  /** Images that are set aside though a row refers to them, as of a newer database: the next sweep puts them back. */
  returning: number
  /** Images without a row that are too young to judge: their rows may be about to be written. */
  young: YoungImages
}

export interface YoungImages {
  count: number
  /** When the youngest of them is old enough, UTC milliseconds. */
  judgedAt: number
}

/** Compares rows and stored images, one by one. What others write or delete meanwhile is not taken for a fault. */
export async function checkStorage(parts: CheckParts): Promise<StorageFindings> {
  // What is set aside comes last: an image that is moved there meanwhile is met once at least.
  const { unnamed: stored, young } = await listUnnamed(parts)
  const { unnamed, returning } = await listSetAside(parts)
  const all = new Map([...stored, ...unnamed].map((image) => [image.imageKey, image]))
  // Somebody deleted those.
  for (const key of await parts.assets.listUnwanted(Number.MAX_SAFE_INTEGER)) all.delete(key)
  const missing = (await listMissing(parts)).filter(({ asset }) => !returning.has(asset.storage_key))
  return { missing, unnamed: [...all.values()], returning: returning.size, young }
}

/** Of the rows, those whose bytes are not as they say. */
export async function listMissing({
  store,
  assets,
  readsAll
}: Pick<CheckParts, 'store' | 'readsAll'> & {
  assets: Pick<AssetStore, 'listAfter' | 'findAsset'>
}): Promise<MissingImage[]> {
  const missing: MissingImage[] = []
  const look = async (asset: AssetRow): Promise<MissingImage | undefined> => {
    const foundBytes = (await store.stat(asset.storage_key))?.bytes ?? null
    if (foundBytes !== asset.bytes) return { asset, foundBytes }
    if (!readsAll || (await hashOf(store, asset.storage_key)) === asset.sha256) return undefined
    return { asset, foundBytes }
  }
  for (let afterId = ''; ;) {
    const rows = await assets.listAfter(afterId, AT_A_TIME)
    const last = rows.at(-1)
    if (!last) return missing
    // A server that is far away takes its time for each.
    const inTurn = createQueue(LOOKED_AT_ONCE)
    for (const found of await Promise.all(rows.map((asset) => inTurn(() => look(asset))))) {
      // It may have been deleted since the rows were read.
      if (found && (await assets.findAsset(found.asset.id))) missing.push(found)
    }
    afterId = last.id
  }
}

async function listUnnamed({ store, assets, now }: CheckParts): Promise<Pick<StorageFindings, 'unnamed' | 'young'>> {
  const unnamed: UnnamedImage[] = []
  const young: YoungImages = { count: 0, judgedAt: 0 }
  const read = (listed: Listed) => ({ ...listed, imageKey: listed.key })
  for await (const { objects, known } of listPortions({ store, assets }, { prefix: PREFIXES.images, read })) {
    for (const { modifiedAt: storedAt, ...image } of objects) {
      if (known.has(image.imageKey)) continue
      if (storedAt <= now - ORPHAN_AGE_MS) unnamed.push({ ...image, storedAt, erasedAt: null })
      else {
        young.count += 1
        young.judgedAt = Math.max(young.judgedAt, storedAt + ORPHAN_AGE_MS)
      }
    }
  }
  return { unnamed, young }
}

/** What is set aside, and of that the storage keys to which a row refers. */
async function listSetAside({
  store,
  assets,
  quarantineMs
}: CheckParts): Promise<{ unnamed: UnnamedImage[]; returning: Set<string> }> {
  const unnamed: UnnamedImage[] = []
  const returning = new Set<string>()
  const read = (listed: Listed) => {
    const set = quarantinedAs(listed.key)
    return set && { ...listed, imageKey: set.imageKey, erasedAt: set.dayEndsAt + quarantineMs }
  }
  for await (const { objects, known } of listPortions({ store, assets }, { prefix: PREFIXES.quarantine, read })) {
    for (const { modifiedAt: storedAt, ...image } of objects) {
      if (known.has(image.imageKey)) returning.add(image.imageKey)
      else unnamed.push({ ...image, storedAt })
    }
  }
  return { unnamed, returning }
}
