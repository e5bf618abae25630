import { createQueue } from '../lib/async.ts'
import { ObjectDamaged, type ObjectStore } from '../storage/object-store.ts'
import type { AssetRow, AssetStore } from './asset-store.ts'
import type { UnreadableBytes } from './unreadable-bytes.ts'

export interface LookParts {
  store: Pick<ObjectStore, 'stat'>
  assets: Pick<AssetStore, 'listAfter' | 'findAsset'>
  unreadable: Pick<UnreadableBytes, 'note' | 'forget' | 'sinceMs'>
}

const AT_A_TIME = 500
const LOOKED_AT_ONCE = 8

/**
 * Looks whether the bytes of the next `rows` images are there, all of them, without listing the store, and notes those that are
 * not. `afterId` is what the last look returned: empty at the beginning, and after the last image. Ends early when `signal` aborts.
 */
export async function lookForBytes(
  { store, assets, unreadable }: LookParts,
  { afterId, rows, signal }: { afterId: string; rows: number; signal?: AbortSignal | undefined }
): Promise<string> {
  const inTurn = createQueue(LOOKED_AT_ONCE)
  const look = async ({ id, storage_key: key, bytes }: AssetRow): Promise<void> => {
    const found = (await store.stat(key))?.bytes
    if (found === bytes) {
      // It is back. What could not be read for another reason is not told by its size.
      if (unreadable.sinceMs(key) === Infinity) unreadable.forget(key)
      return
    }
    // It may have been deleted since the row was read.
    if (!(await assets.findAsset(id))) return
    const why = found === undefined ? 'are missing' : `are ${found} and not ${bytes}`
    unreadable.note(key, new ObjectDamaged(`The bytes of ${key} ${why}.`))
  }
  let last = afterId
  for (let left = rows; left > 0; left -= AT_A_TIME) {
    if (signal?.aborted) return last
    const some = await assets.listAfter(last, Math.min(AT_A_TIME, left))
    await Promise.all(some.map((asset) => inTurn(() => look(asset))))
    last = some.at(-1)?.id ?? ''
    if (last === '') return last
  }
  return last
}
