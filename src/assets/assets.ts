import type { Readable } from 'node:stream'
import { errors } from '../lib/errors.ts'
import { type ByteRange, type ObjectStore, StoreUnavailable } from '../storage/object-store.ts'
import type { AssetRow, AssetStore } from './asset-store.ts'
import { saveAsset, type SavedBytes, type SaveLimits } from './save-asset.ts'

export interface Assets {
  /** Streams an image into the store: see `saveAsset`. Throws `storage_unavailable` when the store is at fault. */
  save(source: Readable, options: SaveLimits & { declaredType: string; signal?: AbortSignal }): Promise<SavedBytes>
  /** Takes back bytes that turned out not to be wanted. */
  discard(storageKey: string): Promise<void>
  /** The row of an image that anybody with its URL may see. Throws `not_found`. */
  getVisible(id: string): Promise<AssetRow>
  /** Throws `storage_unavailable`, also when the bytes are gone though the row is there. */
  openBytes(asset: AssetRow, range?: ByteRange): Promise<Readable>
}

export function createAssets({ store, rows }: { store: ObjectStore; rows: AssetStore }): Assets {
  return {
    save: (source, options) => saveAsset(store, source, options).catch(asStorageUnavailable),
    discard: (storageKey) => store.remove([storageKey]),
    getVisible: async (id) => {
      const asset = await rows.findAsset(id)
      // Inputs and masks are nobody's but the owner's; a stranger cannot tell them from what never existed.
      if (asset?.kind !== 'output') throw errors.notFound('The image')
      return asset
    },
    openBytes: async (asset, range) => {
      const stream = await store.open(asset.storage_key, range).catch(asStorageUnavailable)
      if (!stream) throw errors.storageUnavailable(new Error(`the bytes of ${asset.id} are missing`))
      return stream
    }
  }
}

function asStorageUnavailable(error: unknown): never {
  throw error instanceof StoreUnavailable ? errors.storageUnavailable(error) : error
}
