import { isDeepStrictEqual } from 'node:util'
import type { GatewayMessage } from '../protocol/messages.ts'
import type { Paused } from '../providers/provider-state-store.ts'
import type { Standing } from '../providers/trust-policy.ts'
import type { Ration } from '../requests/find-rations.ts'
import { pausedNote } from './paused-note.ts'
import { newsOfRation, newsOfStanding } from './standing-notes.ts'

/** What an agent knows of how its provider stands with others, and of what of it is paused. */
export class SessionNotes {
  #standing: Standing
  #isSpent = false
  #paused: Paused = { all: false, services: [] }
  readonly #isShared: boolean

  /** `isShared`: it offers anything to others than its owner, so that its standing concerns it. */
  constructor(standing: Standing, isShared: boolean) {
    this.#standing = standing
    this.#isShared = isShared
  }

  /**
   * What the agent is to be told, now that it stands like this (absent: as before), this is paused, and being new it has
   * this to give. `now`: UTC milliseconds.
   */
  findNews(
    standing: Standing | undefined,
    { paused, ration, now }: { paused: Paused; ration?: Ration; now: number }
  ): GatewayMessage[] {
    const news: GatewayMessage[] = []
    if (standing !== undefined && standing !== this.#standing) {
      const note = newsOfStanding(this.#standing, standing)
      this.#standing = standing
      if (this.#isShared) news.push({ type: 'provider.standing', note })
    }
    // What is being made may fail yet, and then others have not had it.
    const isSpent = ration?.spent !== undefined && ration.spent.beingMade === undefined
    if (isSpent !== this.#isSpent) {
      this.#isSpent = isSpent
      // What is new no more has been told already.
      if (ration && this.#isShared)
        news.push({ type: 'provider.standing', note: newsOfRation(ration, { isSpent, now }) })
    }
    if (!isDeepStrictEqual(paused, this.#paused)) {
      this.#paused = paused
      news.push({ type: 'provider.paused', note: pausedNote(paused) })
    }
    return news
  }
}
