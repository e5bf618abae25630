import { type Quarantine, sweepOrphans, type SweepParts } from '../assets/sweep-orphans.ts'
import type { Logger } from '../lib/logger.ts'

export interface StorageSweeper {
  /** Ends early when `signal` aborts; the next one goes on from there. */
  sweep(signal: AbortSignal): Promise<void>
  /** What is set aside, as the last sweep left it; nothing before the first. */
  quarantine(): Quarantine
}

/** Sweeps the stored images, and tells of those that it sets aside. */
export function createStorageSweeper({ logger, ...parts }: SweepParts & { logger: Logger }): StorageSweeper {
  let quarantine: Quarantine = { images: 0, bytes: 0 }
  return {
    sweep: async (signal) => {
      const { restored, ...swept } = await sweepOrphans({ ...parts, signal })
      if (swept.quarantine.images > quarantine.images) {
        logger.warn(swept.quarantine, 'stored images that no request has are set aside; see `storage check`')
      }
      if (restored > 0) logger.warn({ images: restored }, 'stored images that were set aside belong to requests again')
      quarantine = swept.quarantine
    },
    quarantine: () => quarantine
  }
}
