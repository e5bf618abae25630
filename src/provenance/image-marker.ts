import { Readable } from 'node:stream'
import type { Assets } from '../assets/assets.ts'
import type { SavedBytes } from '../assets/save-asset.ts'
import { createQueue } from '../lib/async.ts'
import { MINUTE_MS } from '../lib/durations.ts'
import type { Logger } from '../lib/logger.ts'
import type { MarkAnswer, MarkOrder } from './mark-messages.ts'
import { createThread } from './thread.ts'

/** What is known of an image beside its bytes. */
export interface Making {
  /** It was made from a picture that somebody sent. */
  isComposite: boolean
}

export interface MarkedImage {
  saved: SavedBytes
  /** For the caller: what could not be written into it. */
  warnings: string[]
}

export interface ImageMarker {
  /**
   * Takes the place of an image that has just been stored by the same one with the marks that the operator chose; without any
   * it is the same. One that cannot be marked is not lost for it: it stays as it is, with a warning. When it throws, which the
   * store alone makes it do (`storage_unavailable`), the image is as it was.
   */
  mark(saved: SavedBytes, making: Making): Promise<MarkedImage>
  /** How many images have gone on without a mark since the start. */
  unmarked(): number
  close(): Promise<void>
}

/** As many images are in memory: the one that is read or stored while another is being marked. */
const AT_ONCE = 2
const IDLE_MS = MINUTE_MS
/** A large image takes a second at most. */
const TIMEOUT_MS = MINUTE_MS
const PIECE_BYTES = 64 * 1024
const UNMARKED = 'The image could not be marked as made by a machine.'

export function createImageMarker({
  layers,
  assets,
  logger
}: {
  layers: readonly string[]
  assets: Pick<Assets, 'readBytes' | 'save' | 'discard'>
  logger: Logger
}): ImageMarker {
  const inTurn = createQueue(AT_ONCE)
  const thread = createThread<MarkOrder, MarkAnswer>(new URL('./mark-worker.ts', import.meta.url), {
    idleMs: IDLE_MS,
    timeoutMs: TIMEOUT_MS
  })
  let unmarked = 0

  const markNow = async (saved: SavedBytes, { isComposite }: Making): Promise<MarkedImage> => {
    const bytes = await assets.readBytes({ storage_key: saved.storageKey, bytes: saved.bytes })
    let marked: Uint8Array | undefined
    try {
      marked = (await thread.run({ bytes, isComposite })).bytes
    } catch (error) {
      unmarked += 1
      logger.error({ err: error, asset: saved.assetId }, 'an image could not be marked')
      return { saved, warnings: [UNMARKED] }
    }
    if (!marked) return { saved, warnings: [] }
    // What is added has bounds of its own, and the image was within its.
    const stored = await assets.save(Readable.from(piecesOf(marked)), { maxBytes: Infinity, maxPixels: Infinity })
    await assets.discard(saved)
    return { saved: stored, warnings: [] }
  }

  return {
    mark: async (saved, making) =>
      layers.length === 0 ? { saved, warnings: [] } : inTurn(() => markNow(saved, making)),
    unmarked: () => unmarked,
    close: () => thread.close()
  }
}

/** So that whoever hashes and inspects them lets others have a turn in between. */
function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}
