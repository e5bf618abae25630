import { toError } from '../lib/async.ts'
import type { AssignedTask } from '../protocol/messages.ts'

/** What the source images of one attempt take. */
export interface InputPlace {
  /** What was held ready begins. */
  begin(): void
  /** They are held no more. */
  leave(): void
}

/**
 * Room for the source images of all attempts of an agent, in bytes, so that as many large ones as there are places do not take its
 * memory: who finds none waits. What is held ready never waits, and nobody waits for it, or both might wait for each other.
 */
export class InputRoom {
  #bytes: number
  #running = 0
  #ready = 0
  readonly #waiting: { bytes: number; enter: () => void }[] = []

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** From now on; what is in stays. */
  resize(bytes: number): void {
    this.#bytes = bytes
    this.#admit()
  }

  /** Waits for room beside what else runs, in order; for more than there is, until nothing else runs. Rejects when `signal` aborts. */
  async enter(bytes: number, signal: AbortSignal): Promise<InputPlace> {
    signal.throwIfAborted()
    const entered = Promise.withResolvers<undefined>()
    const one = { bytes, enter: () => entered.resolve(undefined) }
    const giveUp = () => {
      const at = this.#waiting.indexOf(one)
      if (at < 0) return
      this.#waiting.splice(at, 1)
      entered.reject(toError(signal.reason))
      this.#admit()
    }
    this.#waiting.push(one)
    signal.addEventListener('abort', giveUp)
    this.#admit()
    try {
      await entered.promise
    } finally {
      signal.removeEventListener('abort', giveUp)
    }
    return this.#place(bytes, { isReady: false })
  }

  /** For what is to be held ready: undefined when there is no room for it now. */
  tryToHold(bytes: number): InputPlace | undefined {
    if (this.#running + this.#ready + bytes > this.#bytes) return undefined
    this.#ready += bytes
    return this.#place(bytes, { isReady: true })
  }

  #place(bytes: number, state: { isReady: boolean; isLeft?: boolean }): InputPlace {
    return {
      begin: () => {
        if (!state.isReady || state.isLeft) return
        state.isReady = false
        this.#ready -= bytes
        this.#running += bytes
      },
      leave: () => {
        if (state.isLeft) return
        state.isLeft = true
        if (state.isReady) this.#ready -= bytes
        else this.#running -= bytes
        this.#admit()
      }
    }
  }

  #admit(): void {
    for (let [next] = this.#waiting; next; [next] = this.#waiting) {
      if (this.#running > 0 && this.#running + next.bytes > this.#bytes) return
      this.#waiting.shift()
      this.#running += next.bytes
      next.enter()
    }
  }
}

/** Bytes of the source images of a task. Older gateways do not tell them: as many as the pixels have, or an image may. */
export const inputBytesOf = ({ inputs }: Pick<AssignedTask, 'inputs'>, maxImageBytes: number): number =>
  inputs.reduce((sum, { bytes, width, height }) => sum + (bytes ?? Math.min(4 * width * height, maxImageBytes)), 0)
