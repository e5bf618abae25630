import { isDeepStrictEqual } from 'node:util'
import type { GatewayMessage } from '../protocol/messages.ts'
import type { Paused } from '../providers/provider-state-store.ts'
import type { Standing } from '../providers/trust-policy.ts'
import { pausedNote } from './paused-note.ts'
import { newsOfStanding } from './standing-notes.ts'

/** What an agent knows of how its provider stands with others, and of what of it is paused. */
export class SessionNotes {
  #standing: Standing
  #paused: Paused = { all: false, services: [] }
  readonly #isShared: boolean

  /** `isShared`: it offers anything to others than its owner, so that its standing concerns it. */
  constructor(standing: Standing, isShared: boolean) {
    this.#standing = standing
    this.#isShared = isShared
  }

  /** What the agent is to be told, now that it stands like this (absent: as before) and this is paused. */
  findNews(standing: Standing | undefined, paused: Paused): GatewayMessage[] {
    const news: GatewayMessage[] = []
    if (standing !== undefined && standing !== this.#standing) {
      const note = newsOfStanding(this.#standing, standing)
      this.#standing = standing
      if (this.#isShared) news.push({ type: 'provider.standing', note })
    }
    if (!isDeepStrictEqual(paused, this.#paused)) {
      this.#paused = paused
      news.push({ type: 'provider.paused', note: pausedNote(paused) })
    }
    return news
  }
}
