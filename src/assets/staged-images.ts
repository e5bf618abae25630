import { pipeline } from 'node:stream/promises'
import { inspectImage, type InspectionLimits, orientedSize } from '../images/image-inspector.ts'
import { ImageRejected } from '../images/image-rejected.ts'
import type { ImageMediaType } from '../images/media-types.ts'
import type { Clock } from '../lib/clock.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../lib/durations.ts'
import { newId } from '../lib/ids.ts'
import { MeasureStream } from '../storage/measure-stream.ts'
import { ObjectDamaged, type ObjectStore, ObjectTooLarge, type UploadLink } from '../storage/object-store.ts'
import { asStorageUnavailable } from './open-stored.ts'
import type { SavedBytes } from './save-asset.ts'
import type { StagedImageRow, StagedImageStore } from './staged-image-store.ts'
import { newUploadKey, PREFIXES, storageKeyOf } from './storage-keys.ts'

/** Until a PUT by a link has to have begun: agents ask for it when they have the image in their hands. Clocks differ by minutes. */
const LINK_LIFETIME_MS = 10 * MINUTE_MS
/** How long a PUT that began in time may still take before what it brought is removed. */
const SLOW_PUT_MS = HOUR_MS
/** What is there for longer was brought by a PUT slower than that. */
const STRAY_AGE_MS = DAY_MS
const AT_A_TIME = 500

/** What an agent says of an image that it has made. */
export interface AnnouncedImage {
  bytes: number
  /** Lower-case hex. */
  sha256: string
  mediaType: ImageMediaType
}

export interface StagedImages {
  /** A link by which the agent of an attempt writes its image into the store; undefined where images come through this server. */
  offer(attemptId: string, image: AnnouncedImage): Promise<UploadLink | undefined>
  /** What an attempt has announced last; undefined when it was given no link, or that was long ago. */
  find(attemptId: string): Promise<StagedImageRow | undefined>
  /**
   * Makes an image of what an attempt has written, under a key that no link names, where it is judged by all of its bytes as one
   * that comes through this server. Undefined when there is nothing, or not what was announced, or no image to be had: as it
   * comes through this server it is found out why. Throws `storage_unavailable`, and what `signal` aborts with.
   */
  take(staged: StagedImageRow, options: InspectionLimits & { signal: AbortSignal }): Promise<SavedBytes | undefined>
  /** Removes what an attempt has written and nobody needs any more; what cannot be removed now is left to the sweep. */
  drop(attemptId: string): Promise<void>
  /** Removes what was written by links that have ended; with `walks` also what rows do not tell of. */
  sweep(options: { walks: boolean; signal: AbortSignal }): Promise<void>
}

async function readAll(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}

export function createStagedImages(parts: {
  store: Pick<ObjectStore, 'uploads' | 'open' | 'remove' | 'list'>
  rows: StagedImageStore
  clock: Clock
}): StagedImages {
  const { store, rows, clock } = parts
  const { uploads } = store

  const takeCopy = async (
    staged: StagedImageRow,
    { storageKey, ...options }: InspectionLimits & { signal: AbortSignal; storageKey: string }
  ) => {
    const source = await store.open(storageKey, { bytes: staged.bytes })
    if (!source) return undefined
    const inspection = inspectImage(options)
    const measure = new MeasureStream(staged.bytes)
    await pipeline(source, inspection, measure, readAll, { signal: options.signal })
    const { facts } = inspection
    const stored = measure.result()
    if (stored.sha256 !== staged.sha256 || facts.mediaType !== staged.media_type) return undefined
    return { ...stored, mediaType: facts.mediaType, hasAlpha: facts.hasAlpha, ...orientedSize(facts) }
  }

  return {
    offer: async (attemptId, { bytes, sha256, mediaType }) => {
      if (!uploads) return undefined
      const key = await rows.announce({
        attempt_id: attemptId,
        storage_key: newUploadKey(),
        bytes,
        sha256,
        media_type: mediaType,
        expires_at: clock.now() + LINK_LIFETIME_MS
      })
      return uploads.sign(key, { bytes, sha256, contentType: mediaType, forMs: LINK_LIFETIME_MS })
    },
    find: (attemptId) => rows.find(attemptId),
    take: async (staged, options) => {
      if (!uploads) return undefined
      const assetId = newId('ast')
      const storageKey = storageKeyOf(assetId)
      let taken: Awaited<ReturnType<typeof takeCopy>>
      try {
        // First, so that whoever has the link changes nothing of what is looked at.
        const isThere = await uploads.copy(staged.storage_key, storageKey, { contentType: staged.media_type })
        if (isThere) taken = await takeCopy(staged, { ...options, storageKey })
      } catch (error) {
        const isUnusable = [ImageRejected, ObjectTooLarge, ObjectDamaged].some((kind) => error instanceof kind)
        if (!isUnusable) {
          await store.remove([storageKey]).catch(() => undefined) // As below.
          options.signal.throwIfAborted()
          return asStorageUnavailable(error)
        }
      }
      if (taken) return { assetId, storageKey, isShared: false, ...taken }
      // What cannot be removed has no row, which a sweep finds.
      await store.remove([storageKey]).catch(() => undefined)
      return undefined
    },
    drop: async (attemptId) => {
      const staged = await rows.find(attemptId)
      // Its row stays: by its link it may be written again.
      if (staged) await store.remove([staged.storage_key]).catch(() => undefined)
    },
    sweep: async ({ walks, signal }) => {
      const now = clock.now()
      const before = now - SLOW_PUT_MS
      for (;;) {
        const ended = await rows.listEnded(before, AT_A_TIME)
        if (ended.length === 0 || signal.aborted) break
        await store.remove(ended.map((row) => row.storage_key))
        await rows.forget(
          ended.map((row) => row.attempt_id),
          before
        )
      }
      if (!walks) return
      for await (const { key, modifiedAt } of store.list(PREFIXES.uploads)) {
        if (signal.aborted) return
        if (modifiedAt < now - STRAY_AGE_MS) await store.remove([key])
      }
    }
  }
}
