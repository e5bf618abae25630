import type { Logger } from '../lib/logger.ts'

/**
 * Tells of an outage once: why there is no connection, again only when the reason is another, and how long it took. What
 * comes by turns, as from a proxy that looks for its gateway, is said once each.
 */
export class Outage {
  readonly #logger: Logger
  readonly #said = new Set<string>()
  #since: number | undefined
  #wasOnline = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** One more try failed, or the connection ended; `why` is a sentence. */
  goesOn(why: string): void {
    this.#since ??= performance.now()
    if (this.#said.has(why)) return
    this.#logger.warn(this.#said.size === 0 ? `${why} Trying until it works.` : why)
    this.#said.add(why)
  }

  /** There is a connection. */
  ends(): void {
    if (this.#since !== undefined && this.#wasOnline) {
      const seconds = Math.max(1, Math.round((performance.now() - this.#since) / 1000))
      this.#logger.info(`Connected again after ${inWords(seconds)}.`)
    }
    this.#wasOnline = true
    this.#since = undefined
    this.#said.clear()
  }
}

/** `45 s`, `12 min`, `5 h`. */
function inWords(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
