import type { Trial } from '../trial.ts'
import { clockJumps } from './clock-jumps.ts'
import { failingSyncs } from './failing-syncs.ts'
import { fullDisk } from './full-disk.ts'
import { kills } from './kills.ts'
import { load } from './load.ts'
import { longQueue } from './long-queue.ts'
import { powerCuts } from './power-cuts.ts'
import { reconnectStorm } from './reconnect-storm.ts'
import { stalls } from './stalls.ts'

/** In the order in which they run. */
export const TRIALS: readonly Trial[] = [
  kills,
  powerCuts,
  fullDisk,
  failingSyncs,
  stalls,
  clockJumps,
  longQueue,
  reconnectStorm,
  load
]
