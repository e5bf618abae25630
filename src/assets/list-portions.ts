import { HOUR_MS } from '../lib/durations.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import type { AssetStore } from './asset-store.ts'

/** Bytes younger than this may belong to a transaction that is about to commit. */
export const ORPHAN_AGE_MS = HOUR_MS
const AT_A_TIME = 500

/** As the store lists an object; `modifiedAt` is in UTC milliseconds. */
export interface Listed {
  key: string
  bytes: number
  modifiedAt: number
}

interface StoredObject {
  key: string
  imageKey: string
  bytes: number
}

/**
 * Walks through the stored objects below a prefix, as far as `read` makes something of them, some at a time, each portion with
 * the storage keys of those of its images to which a row refers. Ends early when `signal` aborts.
 */
export async function* listPortions<T extends StoredObject>(
  parts: { store: Pick<ObjectStore, 'list'>; assets: Pick<AssetStore, 'knownKeys'>; signal?: AbortSignal },
  { prefix, read }: { prefix: string; read: (listed: Listed) => T | undefined }
): AsyncGenerator<{ objects: T[]; known: Set<string> }> {
  const { store, assets, signal } = parts
  let objects: T[] = []
  const portion = async () => {
    const full = objects
    objects = []
    return { objects: full, known: await assets.knownKeys([...new Set(full.map(({ imageKey }) => imageKey))]) }
  }
  for await (const listed of store.list(prefix)) {
    if (signal?.aborted) return
    const object = read(listed)
    if (object) objects.push(object)
    if (objects.length >= AT_A_TIME) yield await portion()
  }
  if (objects.length > 0 && !signal?.aborted) yield await portion()
}
