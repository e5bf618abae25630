import { parentPort } from 'node:worker_threads'
import { toError } from '../lib/async.ts'

export interface ThreadOrder<Order> {
  id: number
  order: Order
}

export type ThreadReply<Answer> = { id: number } & ({ answer: Answer } | { failure: string })

/** The thread's side of `createThread`: each order is answered by what `work` gives of it, or with why there is nothing. */
export function serveThread<Order, Answer extends object>(work: (order: Order) => Promise<Answer>): void {
  const reply = (message: ThreadReply<Answer>, moved: ArrayBuffer[] = []) => parentPort?.postMessage(message, moved)
  // So that work which throws before it is a promise fails like any other.
  const begin = async (order: Order) => work(order)
  parentPort?.on('message', ({ id, order }: ThreadOrder<Order>) => {
    begin(order).then(
      (answer) => reply({ id, answer }, ownBuffersOf(answer)),
      (error: unknown) => reply({ id, failure: toError(error).message })
    )
  })
}

/** What can be handed over instead of copied: buffers that hold nothing but one member of the answer. */
const ownBuffersOf = (answer: object): ArrayBuffer[] =>
  Object.values(answer).flatMap((value: unknown) =>
    value instanceof Uint8Array && value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength
      ? [value.buffer]
      : []
  )
