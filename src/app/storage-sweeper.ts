import type { StagedImages } from '../assets/staged-images.ts'
import { lookForBytes, type LookParts } from '../assets/look-for-bytes.ts'
import { type Quarantine, sweepOrphans, type SweepParts } from '../assets/sweep-orphans.ts'
import { DAY_MS } from '../lib/durations.ts'
import type { Logger } from '../lib/logger.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** Images of which each sweep looks whether their bytes are there: a call for each of them may cost money, or nothing. */
const LOOKED_AT = { paid: 1000, free: 20_000 }

/** Longer than anybody's upload takes, however slow their line. */
const UNFINISHED_AGE_MS = DAY_MS

export interface SweeperParts extends SweepParts, Pick<LookParts, 'unreadable'> {
  store: SweepParts['store'] & LookParts['store'] & Pick<ObjectStore, 'askedAtMost' | 'dropUnfinished'>
  assets: SweepParts['assets'] & LookParts['assets']
  stagedImages: Pick<StagedImages, 'sweep'>
  logger: Logger
}

export interface StorageSweeper {
  /** Ends early when `signal` aborts; the next one goes on from there. */
  sweep(signal: AbortSignal): Promise<void>
  /** What is set aside, as the last sweep left it; nothing before the first. */
  quarantine(): Quarantine
}

/**
 * Sweeps the stored images, all of them as often as their store allows, and tells of those that it sets aside; and notes images
 * without their bytes, some at each sweep, one after the other.
 */
export function createStorageSweeper({ logger, stagedImages, ...parts }: SweeperParts): StorageSweeper {
  let quarantine: Quarantine = { images: 0, bytes: 0 }
  let walkedAt = -Infinity
  let lookedUpTo = ''
  return {
    sweep: async (signal) => {
      const startedAt = performance.now()
      const walks = startedAt - walkedAt >= parts.store.askedAtMost.walkMs
      const { restored, ...swept } = await sweepOrphans({ ...parts, walks, signal })
      await stagedImages.sweep({ walks, signal })
      if (walks && !signal.aborted) walkedAt = startedAt
      if (swept.quarantine.images > quarantine.images) {
        logger.warn(swept.quarantine, 'stored images that no request has are set aside; see `storage check`')
      }
      if (restored > 0) logger.warn({ images: restored }, 'stored images that were set aside belong to requests again')
      quarantine = swept.quarantine
      const rows = parts.store.askedAtMost.walkMs === 0 ? LOOKED_AT.free : LOOKED_AT.paid
      lookedUpTo = await lookForBytes(parts, { afterId: lookedUpTo, rows, signal })
      await parts.store.dropUnfinished(parts.clock.now() - UNFINISHED_AGE_MS)
    },
    quarantine: () => quarantine
  }
}
