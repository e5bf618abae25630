import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Each sample wakes the process, which has nothing else to do most of the time. */
const RESOLUTION_MS = 100
const WINDOW_MS = 60_000

export interface EventLoopDelay {
  /** Milliseconds that events were late within the last half to whole minute, or since the start. */
  read(): { meanMs: number; p99Ms: number }
  close(): void
}

/** Two histograms that are begun anew in turn, so that the older one always tells of at least half a minute. */
export function watchEventLoopDelay(): EventLoopDelay {
  const histograms = [start(), start()]
  const turn = setInterval(() => {
    histograms.shift()?.disable()
    histograms.push(start())
  }, WINDOW_MS / 2)
  turn.unref()
  return {
    read: () => {
      const [older] = histograms
      // Before the first sample there is no mean.
      if (!older || older.count === 0) return { meanMs: 0, p99Ms: 0 }
      return { meanMs: lateness(older.mean), p99Ms: lateness(older.percentile(99)) }
    },
    close: () => {
      clearInterval(turn)
      for (const histogram of histograms) histogram.disable()
    }
  }
}

function start() {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  return histogram
}

/** What is measured, in nanoseconds, is the time from one sample to the next. */
const lateness = (ns: number): number => Math.max(0, Math.round((ns / 1e6 - RESOLUTION_MS) * 100) / 100)
