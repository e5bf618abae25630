import { Readable } from 'node:stream'
import { ImageRejected } from '../images/image-inspector.ts'
import { makeThumbnail, THUMBNAIL_WIDTHS } from '../images/make-thumbnail.ts'
import { formatOfMediaType, type ImageMediaType, type OutputFormat } from '../images/media-types.ts'
import { createQueue, sleep } from '../lib/async.ts'
import { type AppError, errors } from '../lib/errors.ts'
import { type ByteRange, type ObjectStore, StoreUnavailable } from '../storage/object-store.ts'
import type { AssetRow, AssetStore } from './asset-store.ts'
import { asStorageUnavailable, openStored } from './open-stored.ts'
import { type ThumbnailKind, thumbnailKey } from './storage-keys.ts'
import type { UnreadableBytes } from './unreadable-bytes.ts'

export type { ThumbnailKind }

/** Bytes of known length that can be had whole or in part, again and again. */
export interface SizedBytes {
  bytes: number
  /** Where they are stored; undefined when the store did not take them. */
  storageKey?: string
  /** Throws `storage_unavailable`. */
  open(range?: ByteRange): Promise<Readable>
}

export interface Thumbnails {
  /**
   * A thumbnail from the store, or else made and stored: once, however many ask for it at a time. When every `left` of
   * those who asked has aborted, it is not made any more as far as its pixels are not being decoded yet; that ends in a
   * `conflict` nobody reads.
   * Throws `invalid_image` when the image does not decode, `invalid_size` when the format cannot hold it, `not_found`
   * when the image was deleted meanwhile, `storage_unavailable` when its bytes cannot be read, and `shutting_down` once it is closed.
   */
  get(asset: AssetRow, kind: ThumbnailKind, left: AbortSignal): Promise<SizedBytes>
  /**
   * Makes no more of them, and waits for what is being looked for or made, those that nobody waits for any more included. Nothing is
   * stored afterwards: pixels that take longer than 5 s are not waited for, and what comes of them is dropped.
   */
  close(): Promise<void>
}

const CLOSE_WITHIN_MS = 5000

/** What is being looked for or made, and who waits for it. */
interface Flight {
  join(left: AbortSignal): void
  /** As far as its pixels are not being decoded yet; nobody joins it any more. */
  giveUp(reason: AppError): void
  result: Promise<SizedBytes>
}

interface Wish {
  asset: AssetRow
  kind: ThumbnailKind
  /** Where it is stored. */
  key: string
}

/**
 * Which thumbnail answers a wish: the next wider of `THUMBNAIL_WIDTHS`, never wider than the image; webp unless a format
 * is named. Undefined when that is the image itself: nothing was wished for, or the format alone, and it has that.
 */
export function chooseThumbnail(
  asset: Pick<AssetRow, 'width' | 'media_type'>,
  { width, format }: { width?: number; format?: OutputFormat }
): ThumbnailKind | undefined {
  const has = formatOfMediaType(asset.media_type as ImageMediaType)
  if (width === undefined && (format === undefined || format === has)) return undefined
  const atLeast = width ?? Infinity
  const narrower = THUMBNAIL_WIDTHS.find((one) => one >= atLeast && one < asset.width)
  return { width: narrower ?? 'full', format: format ?? 'webp' }
}

/** `atOnce`: how many are made at the same time; each takes a core, and up to the image's pixels in memory. */
export function createThumbnails(parts: {
  store: ObjectStore
  rows: Pick<AssetStore, 'findAsset'>
  atOnce: number
  unreadable: UnreadableBytes
}): Thumbnails {
  const { store, rows } = parts
  const inTurn = createQueue(parts.atOnce)
  const flights = new Map<string, Flight>()
  /** Those that were given up included, by which the bytes are read or written yet. */
  const unsettled = new Set<Flight>()
  let isClosed = false
  const requireOpen = () => {
    if (isClosed) throw errors.shuttingDown()
  }

  const fromStore = (key: string, bytes: number): SizedBytes => ({
    bytes,
    storageKey: key,
    open: (range) => openStored(parts, { storageKey: key, bytes, range })
  })

  /** False when the store cannot take it, which is no reason not to show it. */
  const keep = async (key: string, bytes: Buffer): Promise<boolean> => {
    try {
      await store.put(key, Readable.from([bytes]), { maxBytes: bytes.length })
      return true
    } catch (error) {
      if (error instanceof StoreUnavailable) return false
      throw error
    }
  }

  const make = async (wish: Wish, signal: AbortSignal): Promise<SizedBytes> => {
    const { asset, kind, key } = wish
    const { bytes } = await makeThumbnail({
      original: await openStored(parts, { storageKey: asset.storage_key, bytes: asset.bytes }),
      // What it had when it was taken: a damaged header cannot ask for more.
      maxPixels: asset.width * asset.height,
      format: kind.format,
      signal,
      ...(kind.width !== 'full' && { width: kind.width })
    }).catch(asInvalidImage)
    requireOpen()
    const kept = await keep(key, bytes)
    // Whoever deletes the image removes its thumbnails after its row: what was stored later is removed here.
    if (!(await rows.findAsset(asset.id))) {
      await store.remove([key]).catch(() => undefined) // The sweeper takes it.
      throw errors.notFound('The image')
    }
    return kept ? fromStore(key, bytes.length) : fromMemory(bytes)
  }

  const start = (wish: Wish): Flight => {
    const { key } = wish
    const callers: AbortSignal[] = []
    const gone = new AbortController()
    let isBeingMade = false
    const end = () => {
      if (flights.get(key) === flight) flights.delete(key)
    }
    const giveUp = (reason: AppError) => {
      // At once, so that nobody joins what has been given up.
      end()
      gone.abort(reason)
    }
    const giveUpUnlessWanted = () => {
      if (!isBeingMade || !callers.every((left) => left.aborted)) return
      giveUp(errors.conflict('Nobody waits for this thumbnail any more.'))
    }
    const makeIfWanted = async () => {
      isBeingMade = true
      giveUpUnlessWanted()
      gone.signal.throwIfAborted()
      return make(wish, gone.signal)
    }
    const findOrMake = async () => {
      requireOpen()
      const cached = await store.stat(key).catch(asStorageUnavailable)
      // An empty one is none: it was cut by a power failure.
      return cached && cached.bytes > 0 ? fromStore(key, cached.bytes) : inTurn(makeIfWanted)
    }
    const join = (left: AbortSignal) => {
      callers.push(left)
      left.addEventListener('abort', giveUpUnlessWanted, { once: true })
    }
    const settle = () => {
      end()
      unsettled.delete(flight)
    }
    const flight: Flight = { join, giveUp, result: findOrMake().finally(settle) }
    flights.set(key, flight)
    unsettled.add(flight)
    return flight
  }

  return {
    get: (asset, kind, left) => {
      const key = thumbnailKey(asset.storage_key, kind)
      const flight = flights.get(key) ?? start({ asset, kind, key })
      flight.join(left)
      return flight.result
    },
    close: async () => {
      isClosed = true
      for (const flight of unsettled) flight.giveUp(errors.shuttingDown())
      const settled = new AbortController()
      const late = sleep(CLOSE_WITHIN_MS, settled.signal).catch(() => undefined) // Ended by what it is a bound of.
      await Promise.race([Promise.allSettled([...unsettled].map(({ result }) => result)), late])
      settled.abort()
    }
  }
}

const fromMemory = (bytes: Buffer): SizedBytes => ({
  bytes: bytes.length,
  open: async (range) => Readable.from([range ? bytes.subarray(range.start, range.end + 1) : bytes])
})

function asInvalidImage(error: unknown): never {
  if (!(error instanceof ImageRejected)) return asStorageUnavailable(error)
  const message = "The image cannot be decoded. Ask for it as it is, without 'width' and 'format'."
  throw errors.invalidImage(message, null)
}
