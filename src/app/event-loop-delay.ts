import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks'
import { toWholeSecond } from '../lib/async.ts'

const LOOK_EVERY_MS = 100
/** While the process has next to nothing to do: each look wakes it, which is most of what it does then. */
const QUIET_EVERY_MS = 1000
/** Of the time between two looks, that the event loop was at work. */
const QUIET_SHARE = 0.05
const WINDOW_MS = 60_000
/** A longer delay counts as this one. */
const LONGEST_US = 600_000_000

/** How late events were, milliseconds: at the last look, and within the last half to whole minute, or since the start. */
export interface EventLoopDelays {
  lastMs: number
  minMs: number
  maxMs: number
  meanMs: number
  stddevMs: number
  p50Ms: number
  p90Ms: number
  p99Ms: number
}

export interface EventLoopDelay {
  read(): EventLoopDelays
  close(): void
}

/**
 * Looks how late a timer is, ten times a second; once while there is next to nothing to do, when nine of ten looks would find
 * nothing late, and count as such. Two histograms are begun anew in turn, so that the older one always tells of at least half a
 * minute.
 */
export function watchEventLoopDelay(): EventLoopDelay {
  let older = start()
  let newer = start()
  // As if it had been looked for half a minute: when much is loaded soon after the start, the server is not overloaded.
  note([older], { us: 0, times: WINDOW_MS / 2 / LOOK_EVERY_MS })
  let turnAt = performance.now() + WINDOW_MS / 2
  let used = performance.eventLoopUtilization()
  let lastUs = 0
  let everyMs = LOOK_EVERY_MS
  let dueAt: number

  const wait = () => {
    dueAt = performance.now() + everyMs
    return setTimeout(look, everyMs).unref()
  }
  const look = () => {
    const now = performance.now()
    lastUs = Math.min(Math.max(0, Math.round((now - dueAt) * 1000)), LONGEST_US)
    note([older, newer], { us: lastUs, times: 1 })
    note([older, newer], { us: 0, times: Math.round(everyMs / LOOK_EVERY_MS) - 1 })
    if (now >= turnAt) {
      turnAt = now + WINDOW_MS / 2
      older = newer
      newer = start()
    }
    const before = used
    used = performance.eventLoopUtilization()
    const isQuiet = performance.eventLoopUtilization(used, before).utilization < QUIET_SHARE
    everyMs = isQuiet ? toWholeSecond(QUIET_EVERY_MS) : LOOK_EVERY_MS
    timer = wait()
  }
  let timer = wait()
  return {
    read: () => ({
      lastMs: lastUs / 1000,
      minMs: toMs(older.min),
      maxMs: toMs(older.max),
      meanMs: toMs(older.mean),
      stddevMs: Math.round(older.stddev / 10) / 100,
      p50Ms: toMs(older.percentile(50)),
      p90Ms: toMs(older.percentile(90)),
      p99Ms: toMs(older.percentile(99))
    }),
    close: () => clearTimeout(timer)
  }
}

const start = () => createHistogram({ lowest: 1, highest: LONGEST_US + 1, figures: 2 })

/** As microseconds and one more, for histograms take no zero. */
function note(histograms: RecordableHistogram[], { us, times }: { us: number; times: number }): void {
  for (const histogram of histograms) for (let i = 0; i < times; i++) histogram.record(us + 1)
}

const toMs = (recorded: number): number => Math.max(0, Math.round((recorded - 1) / 10) / 100)
