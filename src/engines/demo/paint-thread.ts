import { Worker } from 'node:worker_threads'
import { EngineError } from '../engine.ts'
import type { PaintAnswer, Painting, PaintOrder } from './paint-messages.ts'
import type { PaintJob } from './picture.ts'

/** The painting thread as the engine sees it. */
export interface PaintThread {
  /** Rejects with the signal's reason at once when it is aborted; the thread then stops that picture soon. */
  paint(job: PaintJob, options: { previewCount: number; signal: AbortSignal }): Promise<Painting>
  /** Ends the thread; paintings under way and asked for later are rejected. */
  close(): Promise<void>
}

interface Waiting {
  resolve(painting: Painting): void
  reject(error: unknown): void
}

/** Starts no thread before the first picture, and does not keep the process alive without one to paint. */
export function createPaintThread(): PaintThread {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let lastId = 0
  let closed = false

  const settle = (id: number, how: (entry: Waiting) => void) => {
    const entry = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) worker?.unref()
    if (entry !== undefined) how(entry)
  }
  const failAll = (message: string, cause?: unknown) => {
    for (const id of [...waiting.keys()])
      settle(id, ({ reject }) => reject(new EngineError('crashed', message, { cause })))
  }

  const start = (): Worker => {
    // The options this process was started with (a loader, --input-type) need not suit the thread.
    const started = new Worker(new URL('./paint-worker.ts', import.meta.url), { execArgv: [] })
    started.on('message', (answer: PaintAnswer) => {
      settle(answer.id, ({ resolve, reject }) => {
        if (answer.type === 'painted') resolve(answer.painting)
        else reject(new EngineError('crashed', `The demo painter failed: ${answer.message}`))
      })
    })
    const lost = (cause?: unknown) => {
      if (worker !== started) return
      worker = undefined
      failAll('The demo painter stopped unexpectedly.', cause)
    }
    started.on('error', lost)
    started.on('exit', () => lost())
    return started
  }

  return {
    paint(job, { previewCount, signal }) {
      if (signal.aborted) return Promise.reject(signal.reason)
      if (closed) return Promise.reject(new EngineError('crashed', 'The demo painter was closed.'))
      const thread = (worker ??= start())
      const id = ++lastId
      thread.ref()
      thread.postMessage({ type: 'paint', id, job, previewCount } satisfies PaintOrder)
      return new Promise<Painting>((resolve, reject) => {
        const abort = () => {
          thread.postMessage({ type: 'cancel', id } satisfies PaintOrder)
          settle(id, (entry) => entry.reject(signal.reason))
        }
        signal.addEventListener('abort', abort, { once: true })
        const leave = () => signal.removeEventListener('abort', abort)
        waiting.set(id, {
          resolve: (painting) => (leave(), resolve(painting)),
          reject: (error) => (leave(), reject(error))
        })
      })
    },
    async close() {
      closed = true
      const ending = worker
      worker = undefined
      failAll('The demo painter was closed.')
      await ending?.terminate()
    }
  }
}
