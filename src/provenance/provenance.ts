import type { Readable } from 'node:stream'
import type { Assets } from '../assets/assets.ts'
import type { SaveLimits } from '../assets/save-asset.ts'
import type { Config } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import { createQueue } from '../lib/async.ts'
import { MINUTE_MS } from '../lib/durations.ts'
import type { Logger } from '../lib/logger.ts'
import type { CheckAnswer, CheckOrder, CheckSetup } from './check-messages.ts'
import { hasOutput } from './provenance-store.ts'
import { listSigners } from './signing-files.ts'
import { createThread } from './thread.ts'

/** How it is known that an image was made here; nothing when it is not known. */
export type ProvenanceSign = 'hash' | 'mark'

export interface Provenance {
  /** By the SHA-256 of a file, in hex: as long as the image is kept. */
  ofHash(sha256: string): Promise<ProvenanceSign[]>
  /**
   * By hash, and by a manifest that was signed here, also when the image is gone. Nothing of what is sent stays. Throws
   * `ImageRejected`, `ObjectTooLarge` and `storage_unavailable`.
   */
  ofImage(image: Readable, limits: SaveLimits): Promise<ProvenanceSign[]>
  close(): Promise<void>
}

/** As many images are held in memory. */
const AT_ONCE = 2
const TIMEOUT_MS = 20_000

export function createProvenance({
  config,
  assets,
  database,
  logger
}: {
  config: Pick<Config, 'dataDir'>
  assets: Pick<Assets, 'save' | 'readBytes' | 'discard'>
  database: Pick<Database, 'db' | 'clock'>
  logger: Logger
}): Provenance {
  const inTurn = createQueue(AT_ONCE)
  let signers: readonly string[] = []
  const thread = createThread<CheckOrder, CheckAnswer>(new URL('./check-worker.ts', import.meta.url), {
    idleMs: MINUTE_MS,
    timeoutMs: TIMEOUT_MS,
    workerData: (): CheckSetup => ({ signers })
  })

  const ofHash: Provenance['ofHash'] = async (sha256) =>
    (await hasOutput(database, sha256.toLowerCase())) ? ['hash'] : []

  const isSignedHere = async (order: CheckOrder): Promise<boolean> => {
    try {
      const { isOurs, isBroken } = await thread.run(order)
      if (isBroken === true) await thread.renew()
      return isOurs
    } catch (error) {
      // A manifest may be made to take forever; what cannot be checked is no sign.
      logger.warn({ err: error }, 'a manifest could not be checked')
      return false
    }
  }

  return {
    ofHash,
    ofImage: async (image, limits) => {
      const saved = await assets.save(image, limits)
      try {
        const byHash = await ofHash(saved.sha256)
        signers = await listSigners(config.dataDir)
        if (signers.length === 0) return byHash
        const isMarked = await inTurn(async () => {
          const bytes = await assets.readBytes({ storage_key: saved.storageKey, bytes: saved.bytes })
          return isSignedHere({ bytes, mediaType: saved.mediaType })
        })
        return isMarked ? [...byHash, 'mark'] : byHash
      } finally {
        await assets.discard(saved)
      }
    },
    close: () => thread.close()
  }
}
