import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { sleep, startLoop } from '../lib/async.ts'
import type { LogPages } from './checkpoint-worker.ts'

const LOOK_EVERY_MS = 1000
/** After a failure, twice as long after each further one, but not while a log that is too long cannot be moved. */
const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 60_000
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
  /** Hears the first of several failures in a row; it is tried again. */
  onError: (error: unknown) => void
  lookEveryMs?: number
  firstRetryMs?: number
}

/**
 * Moves the write-ahead log into the database file when it has grown, in a thread of its own: that syncs the database
 * file, which would stall the event loop. The thread starts with the first need for it.
 *
 * The log begins anew with the first write that finds all of it moved. Under steady load there is none: something is
 * always written while the rest is being moved, and the log grows for as long as that lasts. So above `maxLogBytes`
 * writers are held while the little is moved that has come since.
 *
 * A failure loses nothing, for the log keeps what was not moved: a full or failing disk is waited for, the longer the less often
 * unless the log is above `maxLogBytes`: once it fills the disk itself, there is no room any more to move it.
 */
export function startCheckpointer(options: CheckpointerOptions): Checkpointer {
  const {
    path,
    maxLogBytes,
    holdWriters,
    onError,
    lookEveryMs = LOOK_EVERY_MS,
    firstRetryMs = FIRST_RETRY_MS
  } = options
  const threshold = options.thresholdBytes ?? Math.min(THRESHOLD_BYTES, maxLogBytes / 2)
  const mover = createMover(path)
  /** How long the log was when all of it had been moved while writers were held. */
  let movedAll: number | undefined
  let failures = 0
  let isOverfull = false
  let closing = false

  const beginAnew = async () => {
    let rest: Promise<LogPages> | undefined
    await holdWriters(() => atMost(LONGEST_HOLD_MS, (rest = mover.move())))
    const { found, moved } = (await rest) ?? { found: 0, moved: 0 }
    if (moved < found) throw new LogIsRead()
    movedAll = found
  }

  const loop = startLoop({
    everyMs: () =>
      failures === 0 || isOverfull ? lookEveryMs : Math.min(firstRetryMs * 2 ** (failures - 1), LONGEST_RETRY_MS),
    work: async () => {
      const bytes = await logBytes(path)
      // It goes on growing, and a disk that is full has room for moments only.
      isOverfull = bytes > maxLogBytes
      if (bytes > threshold) {
        const { found, pageBytes } = await mover.move()
        isOverfull = false
        // Nothing was written since all was moved: the next write will begin anew.
        if (found * pageBytes > maxLogBytes && found !== movedAll) await beginAnew()
      }
      failures = 0
    },
    onError: (error) => {
      failures += 1
      if (failures === 1 && !closing) onError(error)
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

/** It will begin anew when that has ended; what is written until then stays in it. */
class LogIsRead extends Error {
  constructor() {
    super('Another program reads the database without an end, so its log goes on growing.')
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
  let closed = false

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
      // A round that had begun must not start a thread that nobody would end.
      if (closed) return Promise.reject(new Error('the log of the database is not moved any more'))
      moving = Promise.withResolvers()
      worker ??= start()
      worker.postMessage('move')
      return moving.promise
    },
    close: async () => {
      closed = true
      await worker?.terminate()
    }
  }
}
