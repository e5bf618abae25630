import { setImmediate } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'
import type { PaintAnswer, PaintOrder } from './paint-messages.ts'
import { paintPicture } from './painter.ts'
import { previewPictures } from './previews.ts'

/** Paints what it is told to in a thread of its own, looking for new orders every few milliseconds. */
const underWay = new Map<number, AbortController>()

async function paint({ id, job, previewCount }: PaintOrder & { type: 'paint' }, signal: AbortSignal): Promise<void> {
  const rows = paintPicture(job)
  let progress = rows.next()
  while (progress.done !== true) {
    await setImmediate()
    if (signal.aborted) return
    progress = rows.next()
  }
  const picture = progress.value
  const previews = previewPictures(picture, previewCount, job.seed)
  const answer: PaintAnswer = { type: 'painted', id, painting: { picture, previews } }
  const buffers = [picture, ...previews].map(({ pixels }) => pixels.buffer as ArrayBuffer)
  parentPort?.postMessage(answer, buffers)
}

parentPort?.on('message', (order: PaintOrder) => {
  const { type, id } = order
  if (type === 'cancel') return underWay.get(id)?.abort()
  const stop = new AbortController()
  underWay.set(id, stop)
  paint(order, stop.signal)
    .catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      parentPort?.postMessage({ type: 'failed', id, message } satisfies PaintAnswer)
    })
    .finally(() => underWay.delete(id))
})
