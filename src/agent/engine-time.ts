import { formatDuration } from '../lib/quantities.ts'
import { TimedOut } from './attempt-failure.ts'

/**
 * How long an engine works on one image, and no longer than it may: what is moved from and to the gateway has no time, and what
 * its server keeps in a queue has none yet.
 */
export class EngineTime {
  readonly #abort: AbortController
  readonly #timeoutMs: number
  #beganAt = performance.now()
  #hasBegun = false
  #timer: NodeJS.Timeout | undefined

  constructor(abort: AbortController, timeoutMs: number) {
    this.#abort = abort
    this.#timeoutMs = timeoutMs
    this.#restart()
  }

  /** Whether its server has said that it works on it. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  get ms(): number {
    return Math.round(performance.now() - this.#beganAt)
  }

  /** Its server has begun with it: the first word of that counts. */
  begin(): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#restart()
  }

  /** It has no time yet: by its server's word it waits, or it waited till now for one of ours. Some servers do not tell when they begin. */
  wait(): void {
    if (!this.#hasBegun) this.#restart()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #restart(): void {
    clearTimeout(this.#timer)
    this.#beganAt = performance.now()
    this.#timer = setTimeout(
      () => this.#abort.abort(new TimedOut(`The image took longer than ${formatDuration(this.#timeoutMs)}.`)),
      this.#timeoutMs
    )
  }
}
