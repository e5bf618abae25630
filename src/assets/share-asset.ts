import type { Readable } from 'node:stream'
import { checkDimensions } from '../images/image-facts.ts'
import { ImageInspector } from '../images/image-inspector.ts'
import type { ImageMediaType } from '../images/media-types.ts'
import { errors } from '../lib/errors.ts'
import { newId } from '../lib/ids.ts'
import { ObjectTooLarge } from '../storage/object-store.ts'
import type { AssetRow, AssetStore } from './asset-store.ts'
import { asStorageUnavailable } from './open-stored.ts'
import type { SavedBytes, SaveLimits } from './save-asset.ts'

/** See `Assets.share`. Of an image whose row does not say all that is asked here, the bytes are read, once. */
export async function shareAsset(
  parts: {
    rows: Pick<AssetStore, 'noteAlpha'>
    isStored: (asset: AssetRow) => Promise<boolean>
    openBytes: (asset: AssetRow) => Promise<Readable>
  },
  asset: AssetRow,
  limits: SaveLimits
): Promise<SavedBytes> {
  const { width, height, storage_key: storageKey } = asset
  if (asset.bytes > limits.maxBytes) throw new ObjectTooLarge(limits.maxBytes)
  checkDimensions({ width, height }, limits)
  if (!(await parts.isStored(asset))) {
    throw errors.bytesDamaged(new Error(`the bytes of ${storageKey} are missing`))
  }
  return {
    assetId: newId('ast'),
    storageKey,
    isShared: true,
    bytes: asset.bytes,
    sha256: asset.sha256,
    mediaType: asset.media_type as ImageMediaType,
    width,
    height,
    hasAlpha: asset.has_alpha === null ? await readAlpha(parts, asset) : asset.has_alpha === 1
  }
}

/**
 * Whether an image has an alpha channel, by its bytes. It is written into the row, so that they are read for this once.
 */
async function readAlpha(
  { openBytes, rows }: { openBytes: (asset: AssetRow) => Promise<Readable>; rows: Pick<AssetStore, 'noteAlpha'> },
  asset: AssetRow
): Promise<boolean> {
  const inspector = new ImageInspector({ maxPixels: Infinity })
  try {
    for await (const chunk of await openBytes(asset)) inspector.write(chunk as Buffer)
  } catch (error) {
    return asStorageUnavailable(error)
  }
  const { hasAlpha } = inspector.end()
  await rows.noteAlpha(asset.id, hasAlpha)
  return hasAlpha
}
