import { stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import { inBackground } from '../lib/async.ts'

const LOOK_EVERY_MS = 1000

export interface Checkpointer {
  close(): Promise<void>
}

/**
 * Checkpoints the write-ahead log in a thread of its own when it has grown past `thresholdBytes`: a checkpoint syncs
 * the database file, which would stall the event loop. The thread starts with the first need for it.
 */
export function startCheckpointer(options: {
  path: string
  thresholdBytes?: number
  onError: (error: unknown) => void
}): Checkpointer {
  const threshold = options.thresholdBytes ?? 8 * 1024 ** 2
  let worker: Worker | undefined
  let busy = false

  const checkpoint = () => {
    busy = true
    if (!worker) {
      worker = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { workerData: { path: options.path } })
      worker.unref()
      worker.on('message', () => {
        busy = false
      })
      worker.on('error', (error) => {
        worker = undefined
        busy = false
        options.onError(error)
      })
    }
    worker.postMessage('checkpoint')
  }

  const look = async () => {
    if (busy) return
    // The log may be missing for a moment while another process closes; the next look finds it again.
    const size = await stat(`${options.path}-wal`).then(
      (s) => s.size,
      () => 0
    )
    if (size > threshold && !busy) checkpoint()
  }
  const timer = setInterval(() => inBackground(look(), options.onError), LOOK_EVERY_MS)
  timer.unref()

  return {
    close: async () => {
      clearInterval(timer)
      await worker?.terminate()
    }
  }
}
