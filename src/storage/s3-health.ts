import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { StorageMisconfigured } from '../config/storage-settings.ts'
import { inBackground } from '../lib/async.ts'
import { type ObjectStore, StoreUnavailable } from './object-store.ts'
import type { S3Options } from './s3-client.ts'
import { explainS3 } from './s3-errors.ts'

const PROBE = 'probe/start'
const WRITTEN = Buffer.from('inference.club looks whether this bucket can be used\n')

export interface S3Health {
  /** Does something that stores, and notes whether the server took it. */
  watch<T>(storing: () => Promise<T>): Promise<T>
  /** 0 while the server takes nothing, and then tries it again, for nobody else may; null else. */
  freeBytes(): Promise<number | null>
}

export function createS3Health(tryOut: () => Promise<unknown>): S3Health {
  let isAway = false
  let isTrying = false
  const watch: S3Health['watch'] = async (storing) => {
    try {
      const stored = await storing()
      isAway = false
      return stored
    } catch (error) {
      if (error instanceof StoreUnavailable) isAway = true
      throw error
    }
  }
  const tryAgain = async () => {
    try {
      await watch(tryOut)
    } finally {
      isTrying = false
    }
  }
  return {
    watch,
    // Whoever asks does not wait for a server that may say nothing for long.
    freeBytes: async () => {
      if (isAway && !isTrying) {
        isTrying = true
        inBackground(tryAgain(), () => undefined) // It is away still, as is known.
      }
      return isAway ? 0 : null
    }
  }
}

/**
 * Writes, reads, lists and deletes an object. Throws `StorageMisconfigured`, with what to set, for a fault that does not pass by
 * itself; one that may is let pass.
 */
export async function probeS3(store: ObjectStore, options: S3Options): Promise<void> {
  const steps: [doing: string, step: () => Promise<unknown>][] = [
    ['write', () => store.put(PROBE, Readable.from([WRITTEN]), { maxBytes: WRITTEN.length })],
    ['read', () => readBack(store)],
    ['list', () => firstOf(store.list(PROBE))],
    ['delete', () => store.remove([PROBE])]
  ]
  for (const [doing, step] of steps) {
    try {
      await step()
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      const sentence = explainS3(error, options, doing)
      if (sentence === undefined) return
      throw new StorageMisconfigured(sentence, { cause: error })
    }
  }
}

async function readBack(store: ObjectStore): Promise<void> {
  const stream = await store.open(PROBE)
  if (stream && (await buffer(stream)).equals(WRITTEN)) return
  throw new StorageMisconfigured(
    'What was written to the bucket was not what was read back: correct INFERENCE_CLUB_S3_ENDPOINT.'
  )
}

async function firstOf(list: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of list) return
}
