import { cleanText } from '../lib/clean-text.ts'
import type { Logger } from '../lib/logger.ts'
import { NOTHING_PAUSED } from '../protocol/messages.ts'

/** Tells whoever runs the agent how its machine stands with others and what of it is paused, as the gateway words it: once, and not with every connection. */
export class OwnerNotes {
  readonly #logger: Logger
  #standing: string | undefined
  #paused: string = NOTHING_PAUSED
  /** On this connection it is not known yet whether anything is paused. */
  #isPauseDoubtful = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** A connection has begun; `note`: how the machine stands, where that is worth a word. */
  welcome(note: string | undefined): void {
    this.#isPauseDoubtful = true
    // It stands as most do, or that concerns nobody: what was told before is over.
    if (note === undefined) this.#standing = undefined
    // What was told when it changed ends with what is told from then on.
    else if (this.#standing?.endsWith(note) !== true) this.stands(note)
  }

  stands(note: string): void {
    if (note !== this.#standing) this.#logger.info(cleanText(note))
    this.#standing = note
  }

  pauses(note: string): void {
    this.#isPauseDoubtful = false
    if (note !== this.#paused) this.#logger.info(cleanText(note))
    this.#paused = note
  }

  /** The gateway has told all there is: a pause of which it said nothing has ended while the connection was away. */
  hasHeardAll(): void {
    if (this.#isPauseDoubtful) this.pauses(NOTHING_PAUSED)
  }
}
