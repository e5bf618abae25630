import type { Readable } from 'node:stream'
import { errors } from '../lib/errors.ts'
import type { Principal } from '../lib/principal.ts'
import { wholeOf } from '../lib/whole-of.ts'
import type { ByteRange, ObjectStore } from '../storage/object-store.ts'
import type { AssetRow, AssetStore, ReadableAsset } from './asset-store.ts'
import type { AwaitedImages } from './awaited-images.ts'
import type { ImageLink, ImageLinks, SignedImage } from './image-links.ts'
import { isForEverybody, isForLinks, maySee, type SightRules } from './may-see.ts'
import { asStorageUnavailable, openStored } from './open-stored.ts'
import { shareAsset } from './share-asset.ts'
import { saveAsset, type SavedBytes, type SaveLimits, type SaveOptions } from './save-asset.ts'
import { thumbnailKeys } from './storage-keys.ts'
import type { UnreadableBytes } from './unreadable-bytes.ts'

export interface Assets {
  /** Streams an image into the store: see `saveAsset`. Throws `storage_unavailable` when the store is at fault. */
  save(source: Readable, options: SaveOptions): Promise<SavedBytes>
  /**
   * An image that is here already, to be used again without storing it again. The row that will refer to its bytes is
   * written while one still does, or not at all: see `insertSubmission`.
   * Throws `ImageRejected`, `ObjectTooLarge` and `storage_unavailable`, also when the bytes are gone.
   */
  share(asset: AssetRow, limits: SaveLimits): Promise<SavedBytes>
  /** Whether these bytes are in the store. Throws `storage_unavailable`. */
  isStored(asset: Pick<AssetRow, 'storage_key' | 'bytes'>): Promise<boolean>
  /**
   * Takes back bytes that turned out not to be wanted, unless a row refers to them all the same: a commit may have gone
   * through though it was said to fail. What cannot be looked up or removed now is left to the sweeper.
   */
  discard(saved: Pick<SavedBytes, 'storageKey' | 'isShared'>): Promise<void>
  /** Removes the bytes of all these keys, which no row refers to any more, and their thumbnails. Throws what the store does. */
  remove(storageKeys: readonly string[]): Promise<void>
  /**
   * The row of an image that this reader may fetch: see `maySee`; of those that are not for everybody also by a link, which
   * ends with its owner's being here. Who reads is asked for all others, also for those that are not there, so that whoever may
   * not see an image cannot tell it from one that never was. Throws `not_found`, and what `whoReads` throws.
   */
  getVisible(
    id: string,
    by: { whoReads: () => Promise<Principal | undefined>; link?: ImageLink | undefined }
  ): Promise<ReadableAsset>
  /** The images that whoever has a share link may fetch by it, in their order; none when it does not count (any more). */
  listShared: AssetStore['listShared']
  /** Writes down that an admin looks at requests of others: see `noteLooks`. */
  noteLooks: AssetStore['noteLooks']
  /** Who looked at a request of somebody else. */
  listLooks: AssetStore['listLooks']
  /** Throws `storage_unavailable`, also when the bytes are gone or cut though the row is there: see `openStored`. */
  openBytes(asset: Pick<AssetRow, 'storage_key' | 'bytes'>, range?: ByteRange): Promise<Readable>
  /** All bytes of an image, also of one that has no row yet. Throws `storage_unavailable`. */
  readBytes(asset: Pick<AssetRow, 'storage_key' | 'bytes'>): Promise<Buffer>
  /** For how long they have failed to be read each time, in milliseconds; undefined when they have not. */
  unreadableForMs(asset: AssetRow): number | undefined
}

/** In place of an image that is not there. */
const NONE: SignedImage = { id: '', visibility: 'SECRET' }

export function createAssets(parts: {
  store: ObjectStore
  rows: AssetStore
  unreadable: UnreadableBytes
  links: Pick<ImageLinks, 'isSigned'>
  awaited: Pick<AwaitedImages, 'forget'>
  limits: SightRules
}): Assets {
  const { store, rows, unreadable, links, awaited, limits } = parts
  const openBytes: Assets['openBytes'] = ({ storage_key: storageKey, bytes }, range) =>
    openStored(parts, { storageKey, bytes, range })
  const readBytes: Assets['readBytes'] = async (asset) => wholeOf(await openBytes(asset)).catch(asStorageUnavailable)
  const isStored: Assets['isStored'] = async ({ storage_key: key, bytes }) =>
    (await store.stat(key).catch(asStorageUnavailable))?.bytes === bytes
  return {
    save: (source, options) => saveAsset(store, source, options).catch(asStorageUnavailable),
    share: (asset, limits) => shareAsset({ rows, isStored, openBytes }, asset, limits),
    isStored,
    discard: async ({ storageKey, isShared }) => {
      if (isShared) return
      awaited.forget(storageKey)
      try {
        const known = await rows.knownKeys([storageKey])
        if (!known.has(storageKey)) await store.remove([storageKey])
      } catch {
        // Why it was to be taken back is what counts.
      }
    },
    remove: async (storageKeys) => {
      const keys = storageKeys.flatMap((key) => [key, ...thumbnailKeys(key)])
      await store.remove(keys)
      await rows.forgetUnwanted(storageKeys)
      for (const key of keys) unreadable.forget(key)
    },
    getVisible: async (id, { whoReads, link }) => {
      const asset = await rows.findReadable(id, link?.kind === 'share' ? link.token : undefined)
      if (asset && isForEverybody(asset)) return asset
      const isSigned = link?.kind === 'signed' && links.isSigned(asset ?? NONE, link)
      if (asset && isForLinks(asset) && (isSigned || asset.isShared)) return asset
      const reader = await whoReads()
      if (!asset || !reader || !maySee(asset, reader, limits)) throw errors.notFound('The image')
      if (reader.role === 'admin' && reader.userId !== asset.owner_id) {
        await rows.noteLooks({ viewerId: reader.userId, requestIds: [asset.request_id] })
      }
      return asset
    },
    listShared: async (link) => (await rows.listShared(link)).filter(isForLinks),
    noteLooks: (looks) => rows.noteLooks(looks),
    listLooks: (requestId) => rows.listLooks(requestId),
    openBytes,
    readBytes,
    unreadableForMs: (asset) => unreadable.sinceMs(asset.storage_key)
  }
}
