import { type Failure, TimedOut } from './attempt-failure.ts'
import type { EngineTime } from './engine-time.ts'
import type { ExpectedEnd } from './expected-end.ts'
import type { InputPlace } from './input-room.ts'
import type { PreparedInputs } from './prepare-inputs.ts'

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
  /** What its inputs take of the room for those of all. */
  place?: InputPlace
  /** It is to begin, or waits in its image server's queue, while as many as the service makes at once are not made yet. */
  isAhead?: true
  /** The gateway takes it for ahead until it hears that it has begun. */
  isBegunUntold?: true
  /** It is nearly made: the next may be put into the queue behind it. */
  isEnding?: true
  /** The engine has made it, and its bytes are being read. */
  isMade?: true
  /** Of the engine's work, once it has been given to it. */
  time?: EngineTime
  expected?: ExpectedEnd
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
    return this.#placesLeft(service, ({ isMade }) => isMade) > 0
  }

  /** The same, when what is nearly made is made too. */
  hasPlaceAhead(service: string): boolean {
    return this.#placesLeft(service, ({ isMade, isEnding }) => isMade ?? isEnding) > 0
  }

  /** Whether it may be given to its engine now: it has a place, or the queue of its image server has one for it. */
  mayBeGiven({ service, isAhead }: Held): boolean {
    if (this.hasPlace(service)) return true
    const staying = this.#running(service).filter(({ isEnding }) => !isEnding).length
    return isAhead === true && staying < this.#concurrencyOf(service)
  }

  /** What is ahead and need not be any more, for what was before it is made. */
  turns(): Held[] {
    return [...this.values()].filter(
      ({ isAhead, service }) => isAhead && this.#placesLeft(service, ({ isMade }) => isMade) >= 0
    )
  }

  /** What went ahead of what now takes longer than expected, last first, and of what its image server has not begun. */
  tooEarly(service: string): [string, Held][] {
    const tooMany = -this.#placesLeft(service, ({ isMade, isEnding }) => isMade ?? isEnding)
    const ahead = [...this].filter(
      ([, held]) => held.service === service && held.isAhead && !held.abort.signal.aborted && !held.time?.hasBegun
    )
    return ahead.reverse().slice(0, Math.max(0, tooMany))
  }

  /** Places that are left when all that is to begin has, and what `isOver` is over; negative: so many too few. */
  #placesLeft(service: string, isOver: (held: Held) => boolean | undefined): number {
    const staying = this.#running(service).filter((held) => !isOver(held)).length
    const coming = this.standingBy(service).filter(({ leave }) => leave).length
    return this.#concurrencyOf(service) - staying - coming
  }

  /** What has taken too long keeps its place until that is told: its image server may hang. */
  #running(service: string): Held[] {
    return this.occupying(service).filter(
      ({ abort: { signal } }) => !signal.aborted || signal.reason instanceof TimedOut
    )
  }
}
