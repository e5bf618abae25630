import { Readable } from 'node:stream'
import type { AssetRow } from '../assets/asset-store.ts'
import type { Assets } from '../assets/assets.ts'
import type { SavedBytes } from '../assets/save-asset.ts'
import type { Config } from '../config/config.ts'
import type { ImageMediaType } from '../images/media-types.ts'
import { createQueue } from '../lib/async.ts'
import type { Clock } from '../lib/clock.ts'
import { MINUTE_MS } from '../lib/durations.ts'
import type { Logger } from '../lib/logger.ts'
import type { MarkAnswer, MarkOrder, MarkSetup, SourceImage } from './mark-messages.ts'
import type { SigningKey } from './signer.ts'
import { loadSigningKey } from './signing-files.ts'
import { createThread } from './thread.ts'

/** What is known of an image beside its bytes. */
export interface Making {
  /** It was made from a picture that somebody sent. */
  isComposite: boolean
  /** Those pictures, asked for where a mark names them. */
  listSources: () => Promise<AssetRow[]>
}

export interface MarkedImage {
  saved: SavedBytes
  /** For the caller: what could not be written into it. */
  warnings: string[]
}

/** How many images went on without what the operator chose, since the start. */
export interface Unmarked {
  /** A layer is missing. */
  unmarked: number
  /** They are signed, and the signature has no time. */
  unstamped: number
}

export interface ImageMarker {
  /** Reads, or makes, what is signed with. Throws `MarkingMisconfigured`. */
  load(): Promise<void>
  /**
   * Takes the place of an image that has just been stored by the same one with the marks that the operator chose; without any
   * it is the same. One that cannot be marked is not lost for it: it stays as it is, with a warning. When it throws, which the
   * store alone makes it do (`storage_unavailable`), the image is as it was.
   */
  mark(saved: SavedBytes, making: Making): Promise<MarkedImage>
  failures(): Unmarked
  close(): Promise<void>
}

export type MarkerConfig = Pick<Config, 'dataDir' | 'markImages' | 'c2paCertificate' | 'c2paKey' | 'timeStampUrl'>

/** As many images are in memory: the one that is read or stored while another is being marked. */
const AT_ONCE = 2
const IDLE_MS = MINUTE_MS
/** A large image takes a second, a time stamp 5 at most. */
const TIMEOUT_MS = MINUTE_MS
const PIECE_BYTES = 64 * 1024
/** Of the pictures that an edit began with; those beyond it are named without what they say of themselves. */
const MAX_SOURCE_BYTES = 64 * 1024 ** 2
const UNMARKED = 'The image could not be marked as made by a machine.'
const UNSIGNED = 'The image could not be signed as made by a machine (C2PA).'

export function createImageMarker({
  config,
  assets,
  clock,
  logger
}: {
  config: MarkerConfig
  assets: Pick<Assets, 'readBytes' | 'save' | 'discard'>
  clock: Clock
  logger: Logger
}): ImageMarker {
  const layers = config.markImages
  const signs = layers.includes('c2pa')
  const inTurn = createQueue(AT_ONCE)
  let signingKey: SigningKey | undefined
  const thread = createThread<MarkOrder, MarkAnswer>(new URL('./mark-worker.ts', import.meta.url), {
    idleMs: IDLE_MS,
    timeoutMs: TIMEOUT_MS,
    workerData: (): MarkSetup => ({ layers, signingKey, timeStampUrl: config.timeStampUrl })
  })
  const failures: Unmarked = { unmarked: 0, unstamped: 0 }

  const readSources = async ({ listSources }: Making): Promise<SourceImage[]> => {
    if (!signs) return []
    const sources: SourceImage[] = []
    let room = MAX_SOURCE_BYTES
    for (const source of await listSources()) {
      room -= source.bytes
      // What is gone meanwhile was there all the same.
      const bytes = room < 0 ? undefined : await assets.readBytes(source).catch(() => undefined)
      sources.push({ mediaType: source.media_type as ImageMediaType, bytes })
    }
    return sources
  }

  const note = ({ assetId: asset }: SavedBytes, { unsigned, unstamped }: MarkAnswer): string[] => {
    if (unstamped !== undefined) {
      failures.unstamped += 1
      logger.warn({ asset, why: unstamped }, 'an image was signed without a time stamp')
    }
    if (unsigned === undefined) return []
    failures.unmarked += 1
    logger.error({ asset, why: unsigned }, 'an image could not be signed')
    return [UNSIGNED]
  }

  const markNow = async (saved: SavedBytes, making: Making): Promise<MarkedImage> => {
    const bytes = await assets.readBytes({ storage_key: saved.storageKey, bytes: saved.bytes })
    let answer: MarkAnswer
    try {
      answer = await thread.run({ bytes, isComposite: making.isComposite, sources: await readSources(making) })
    } catch (error) {
      failures.unmarked += 1
      logger.error({ err: error, asset: saved.assetId }, 'an image could not be marked')
      return { saved, warnings: [UNMARKED] }
    }
    if (answer.isBroken === true) await thread.renew()
    const warnings = note(saved, answer)
    if (!answer.bytes) return { saved, warnings }
    // What is added has bounds of its own, and the image was within its.
    const pieces = Readable.from(piecesOf(answer.bytes))
    const stored = await assets.save(pieces, { maxBytes: Infinity, maxPixels: Infinity })
    await assets.discard(saved)
    return { saved: stored, warnings }
  }

  return {
    load: async () => {
      if (signs) signingKey = await loadSigningKey(config, clock.now())
    },
    mark: async (saved, making) =>
      layers.length === 0 ? { saved, warnings: [] } : inTurn(() => markNow(saved, making)),
    failures: () => ({ ...failures }),
    close: () => thread.close()
  }
}

/** So that whoever hashes and inspects them lets others have a turn in between. */
function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}
