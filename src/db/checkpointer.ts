import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { sleep, startLoop } from '../lib/async.ts'
import type { LogPages } from './checkpoint-worker.ts'

const LOOK_EVERY_MS = 250
const THRESHOLD_BYTES = 8 * 1024 ** 2
/** Longer than moving what is left takes, and shorter than what anybody waits for: on a disk that hangs, nobody is held. */
const LONGEST_HOLD_MS = 2000

export interface Checkpointer {
  close(): Promise<void>
}

export interface CheckpointerOptions {
  path: string
  /** Above it the log is moved into the database file. */
  thresholdBytes?: number
  /** Above it writers are held until all of the log is moved, so that it begins anew. */
  maxLogBytes: number
  /** Runs the work while nothing is written by this program. */
  holdWriters: (work: () => Promise<void>) => Promise<void>
  onError: (error: unknown) => void
  lookEveryMs?: number
}

/**
 * Moves the write-ahead log into the database file when it has grown, in a thread of its own: that syncs the database
 * file, which would stall the event loop. The thread starts with the first need for it.
 *
 * The log begins anew with the first write that finds all of it moved. Under steady load there is none: something is
 * always written while the rest is being moved, and the log grows for as long as that lasts. So above `maxLogBytes`
 * writers are held while the little is moved that has come since.
 */
export function startCheckpointer(options: CheckpointerOptions): Checkpointer {
  const { path, maxLogBytes, holdWriters, onError } = options
  const threshold = options.thresholdBytes ?? Math.min(THRESHOLD_BYTES, maxLogBytes / 2)
  const mover = createMover(path)
  /** How long the log was when writers were held. */
  let movedAll: number | undefined
  let closing = false

  const loop = startLoop({
    everyMs: options.lookEveryMs ?? LOOK_EVERY_MS,
    work: async () => {
      if ((await logBytes(path)) <= threshold) return
      const { found, pageBytes } = await mover.move()
      // Nothing has been written since all was moved: the next write begins anew.
      if (found * pageBytes <= maxLogBytes || found === movedAll) return
      let rest: Promise<LogPages> | undefined
      await holdWriters(() => atMost(LONGEST_HOLD_MS, (rest = mover.move())))
      movedAll = (await rest)?.found
    },
    onError: (error) => {
      if (!closing) onError(error)
    }
  })
  return {
    close: async () => {
      closing = true
      await mover.close()
      await loop.close()
    }
  }
}

/** Zero when there is none: it is missing for a moment while another process closes. */
export const logBytes = (path: string): Promise<number> =>
  stat(`${path}-wal`).then(
    ({ size }) => size,
    () => 0
  )

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const ended = new AbortController()
  await Promise.race([
    work.finally(() => ended.abort()),
    sleep(ms, ended.signal).catch(() => undefined) // The work was quicker.
  ])
}

/** The thread that moves the log; one move at a time. */
function createMover(path: string): { move(): Promise<LogPages>; close(): Promise<void> } {
  let worker: Worker | undefined
  let moving: PromiseWithResolvers<LogPages> | undefined

  const start = () => {
    const started = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { workerData: { path } })
    started.unref()
    started.on('message', (pages: LogPages) => moving?.resolve(pages))
    started.on('error', (error) => moving?.reject(error))
    started.on('exit', () => {
      worker = undefined
      moving?.reject(new Error('the thread that moves the log of the database has ended'))
    })
    return started
  }
  return {
    move: () => {
      moving = Promise.withResolvers()
      worker ??= start()
      worker.postMessage('move')
      return moving.promise
    },
    close: async () => void (await worker?.terminate())
  }
}
