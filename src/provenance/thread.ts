import { Worker } from 'node:worker_threads'
import { inBackground } from '../lib/async.ts'
import type { ThreadOrder, ThreadReply } from './serve-thread.ts'

export interface Thread<Order, Answer> {
  /** What the thread answers. Rejects when it cannot, ends meanwhile, or takes longer than it may. */
  run(order: Order): Promise<Answer>
  /** Ends the thread, with all orders it has; the next begins another. */
  renew(): Promise<void>
  close(): Promise<void>
}

/** A thread that cannot be ended has ended. */
const letGo = (ending: Promise<void>) => inBackground(ending, () => undefined)

interface Waiting<Answer> {
  resolve(answer: Answer): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

/**
 * A thread that runs `serveThread`. It begins with the first order and does not keep the process alive; without orders for
 * `idleMs` it ends, and gives back its memory; `workerData` is asked for as it begins. An order that takes longer than
 * `timeoutMs` ends it as well, with all the others.
 */
export function createThread<Order, Answer>(
  file: URL,
  { idleMs, timeoutMs, workerData }: { idleMs: number; timeoutMs: number; workerData: () => unknown }
): Thread<Order, Answer> {
  const waiting = new Map<number, Waiting<Answer>>()
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let lastId = 0
  let closed = false

  const settle = (id: number, how: (entry: Waiting<Answer>) => void) => {
    const entry = waiting.get(id)
    if (!entry) return
    waiting.delete(id)
    clearTimeout(entry.timer)
    if (waiting.size === 0) idle = setTimeout(() => letGo(end()), idleMs).unref()
    how(entry)
  }
  const end = async (why = new Error('The thread has ended.')) => {
    const ending = worker
    worker = undefined
    for (const id of [...waiting.keys()]) settle(id, ({ reject }) => reject(why))
    clearTimeout(idle)
    await ending?.terminate()
  }
  const start = (): Worker => {
    // The options this process was started with (a loader, --input-type) need not suit the thread.
    const started = new Worker(file, { execArgv: [], workerData: workerData() })
    started.unref()
    started.on('message', (reply: ThreadReply<Answer>) =>
      settle(reply.id, ({ resolve, reject }) =>
        'answer' in reply ? resolve(reply.answer) : reject(new Error(reply.failure))
      )
    )
    const lost = (cause?: unknown) => {
      if (worker === started) letGo(end(new Error('The thread has ended unexpectedly.', { cause })))
    }
    started.on('error', lost)
    started.on('exit', () => lost())
    return started
  }

  return {
    run(order) {
      if (closed) return Promise.reject(new Error('The thread was closed.'))
      clearTimeout(idle)
      const thread = (worker ??= start())
      const id = ++lastId
      thread.postMessage({ id, order } satisfies ThreadOrder<Order>)
      return new Promise<Answer>((resolve, reject) => {
        const timer = setTimeout(() => letGo(end(new Error('The thread took too long.'))), timeoutMs)
        waiting.set(id, { resolve, reject, timer })
      })
    },
    renew: () => end(),
    async close() {
      closed = true
      await end(new Error('The thread was closed.'))
    }
  }
}
