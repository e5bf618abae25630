import type { Readable } from 'node:stream'
import { inspectImage, type InspectionLimits, orientedSize } from '../images/image-inspector.ts'
import { newId } from '../lib/ids.ts'
import type { ArrivingImage } from './awaited-images.ts'
import { type ObjectStore, ObjectTooLarge, StoreUnavailable } from '../storage/object-store.ts'
import { storageKeyOf } from './storage-keys.ts'
import type { StoredFacts } from './stored-facts.ts'

export { ObjectTooLarge }

/** The bytes of an image to be: in the store, and no row of its own refers to them yet. */
export interface SavedBytes extends StoredFacts {
  assetId: string
  storageKey: string
  /** They are those of an image that is here already: nothing was stored, and nothing is to be taken back. */
  isShared: boolean
}

export interface SaveLimits extends InspectionLimits {
  maxBytes: number
}

export interface SaveOptions extends SaveLimits {
  signal?: AbortSignal
  /** The pieces of the source are nobody else's, as those of a connection. */
  ownsPieces?: boolean
  /** Is given what is stored. */
  copy?: ArrivingImage | undefined
}

/**
 * Streams an image into the store while it is inspected, measured and hashed; a few kilobytes are held at a time, beside what `copy` keeps.
 * When it rejects (`ImageRejected`, `ObjectTooLarge`, `StoreUnavailable`, the sender's own failure) nothing is left.
 * The row that refers to the bytes is written by the caller; until then the sweeper may take them after a while.
 */
export async function saveAsset(store: ObjectStore, source: Readable, options: SaveOptions): Promise<SavedBytes> {
  const assetId = newId('ast')
  const storageKey = storageKeyOf(assetId)
  const inspection = inspectImage(options)
  // It may be over with a small image before the store has opened its file and begins to listen.
  let failure: unknown
  inspection.once('error', (error) => (failure = error))
  source.once('error', (error) => inspection.destroy(error))
  source.once('close', () => {
    if (!source.readableEnded) inspection.destroy(new DOMException('The sender went away.', 'AbortError'))
  })
  const { copy } = options
  try {
    source.pipe(inspection)
    if (copy) source.on('data', (piece: Buffer) => copy.take(piece))
    const stored = await store.put(storageKey, inspection, {
      maxBytes: options.maxBytes,
      isNew: true,
      ...(options.ownsPieces && { ownsPieces: true }),
      ...(options.signal && { signal: options.signal })
    })
    const { mediaType, hasAlpha } = inspection.facts
    copy?.keep(storageKey)
    return { assetId, storageKey, isShared: false, ...stored, mediaType, hasAlpha, ...orientedSize(inspection.facts) }
  } catch (error) {
    copy?.drop()
    // A store that fails, or has had enough, ends the inspection, too, which then only says that it was cut off.
    if (error instanceof ObjectTooLarge || error instanceof StoreUnavailable) throw error
    throw failure ?? error
  }
}
