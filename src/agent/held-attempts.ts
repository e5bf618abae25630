import type { AttemptFault } from '../protocol/messages.ts'
import type { PreparedInputs } from './prepare-inputs.ts'

/** As `attempt.failed` tells it. */
export interface Failure {
  fault: AttemptFault
  message: string
  param?: string
  retry_after_ms?: number
}

/** One attempt as its agent sees it. */
export interface Held {
  token: string
  service: string
  abort: AbortController
  /** It is held ready, and has not begun: begins it. */
  begin?: () => void
  /** Whether the gateway lets it begin; absent: it was not asked. */
  leave?: 'asked' | 'given'
  /** Those of what is held ready, fetched meanwhile. */
  inputs?: Promise<PreparedInputs>
  /** The engine has made it, and its bytes are being read. */
  isMade?: true
  /** The engine is done with it: the slot is free, only the image has to arrive yet. */
  generated: boolean
  /** A failure the gateway has not been told of yet, because the socket was down. */
  failure?: Failure
  done: Promise<void>
}

/** What an agent runs, or holds ready or finished, by attempt. */
export class HeldAttempts extends Map<string, Held> {
  /** How many images the service of that name makes at once. */
  readonly #concurrencyOf: (service: string) => number

  constructor(concurrencyOf: (service: string) => number) {
    super()
    this.#concurrencyOf = concurrencyOf
  }

  standingBy(service: string): Held[] {
    return [...this.values()].filter((held) => held.service === service && held.begin && !held.abort.signal.aborted)
  }

  occupying(service: string): Held[] {
    return [...this.values()].filter((held) => held.service === service && !held.begin && !held.generated)
  }

  /** What was stopped and may still hold the engine. The gateway counts its slot as free once it wants it no more. */
  stopping(service: string): Held[] {
    return this.occupying(service).filter((held) => held.abort.signal.aborted)
  }

  hasPlace(service: string): boolean {
    return this.#running(service).length < this.#concurrencyOf(service)
  }

  /** Whether one more may be held ready, at most `prefetch` besides what is made and what is about to be. */
  hasRoom(service: string, prefetch: number): boolean {
    const all = this.#running(service).length + this.standingBy(service).length
    return all < this.#concurrencyOf(service) + prefetch
  }

  /** Whether one more could begin when what an engine has made is read, and all that is to begin has. */
  hasPlaceSoon(service: string): boolean {
    const working = this.#running(service).filter(({ isMade }) => !isMade).length
    return working + this.standingBy(service).filter(({ leave }) => leave).length < this.#concurrencyOf(service)
  }

  #running(service: string): Held[] {
    return this.occupying(service).filter((held) => !held.abort.signal.aborted)
  }
}
