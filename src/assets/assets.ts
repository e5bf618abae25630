import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { maskFromOwnAlpha } from '../images/mask.ts'
import { createQueue } from '../lib/async.ts'
import { errors } from '../lib/errors.ts'
import type { Principal } from '../lib/principal.ts'
import { type ByteRange, type ObjectStore, StoreUnavailable } from '../storage/object-store.ts'
import type { AssetRow, AssetStore } from './asset-store.ts'
import { saveAsset, type SavedBytes, type SaveLimits } from './save-asset.ts'

export interface Assets {
  /** Streams an image into the store: see `saveAsset`. Throws `storage_unavailable` when the store is at fault. */
  save(source: Readable, options: SaveLimits & { declaredType: string; signal?: AbortSignal }): Promise<SavedBytes>
  /** Takes back bytes that turned out not to be wanted. */
  discard(storageKey: string): Promise<void>
  /**
   * The row of an image that this reader may see: outputs are anybody's who has the URL, inputs and masks the owner's
   * and the admins' alone. Throws `not_found`.
   */
  getVisible(id: string, reader?: Principal): Promise<AssetRow>
  /** Whether any pixel of a stored image is not opaque. Decodes it; a few at a time. Throws `ImageRejected`. */
  hasTransparency(storageKey: string, maxPixels: number): Promise<boolean>
  /** Throws `storage_unavailable`, also when the bytes are gone though the row is there. */
  openBytes(asset: AssetRow, range?: ByteRange): Promise<Readable>
}

/** Decoding takes the whole image and all of its pixels into memory: more at once would break the memory bound. */
const DECODING_AT_ONCE = 1

export function createAssets({ store, rows }: { store: ObjectStore; rows: AssetStore }): Assets {
  const decoding = createQueue(DECODING_AT_ONCE)
  return {
    save: (source, options) => saveAsset(store, source, options).catch(asStorageUnavailable),
    discard: (storageKey) => store.remove([storageKey]),
    getVisible: async (id, reader) => {
      const asset = await rows.findAsset(id)
      const mine = reader?.userId === asset?.owner_id || reader?.role === 'admin'
      // A stranger cannot tell what is not theirs from what never existed.
      if (!asset || (asset.kind !== 'output' && !(reader && mine))) throw errors.notFound('The image')
      return asset
    },
    hasTransparency: (storageKey, maxPixels) =>
      decoding(async () => {
        const stream = await store.open(storageKey).catch(asStorageUnavailable)
        if (!stream) throw errors.storageUnavailable()
        return (await maskFromOwnAlpha(await buffer(stream), maxPixels)) !== undefined
      }),
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
