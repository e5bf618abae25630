import { isDeepStrictEqual } from 'node:util'
import type { GatewayMessage } from '../protocol/messages.ts'
import type { Paused } from '../providers/provider-state-store.ts'
import type { Standing } from '../providers/trust-policy.ts'
import type { Ration } from '../requests/find-rations.ts'
import type { Openness } from './find-openness.ts'
import { pausedNote } from './paused-note.ts'
import { newsOfRation, newsOfStanding, welcomeNote } from './standing-notes.ts'

/** How a provider is at a moment. */
export interface ProviderNow {
  /** Absent: as before. */
  standing?: Standing | undefined
  openness: Openness
  paused: Paused
  /** Being new it has this to give. */
  ration?: Ration | undefined
  /** When others may have an image again of one of its services, where all are capped by its owner; undefined: nobody knows yet. */
  findCapsEnd: () => Promise<number | undefined>
  /** UTC milliseconds. */
  now: number
}

/** What an agent knows of how its provider stands with others, and of what of it is paused. */
export class SessionNotes {
  /** As it was told; undefined while that did not concern it. */
  #standing: Standing | undefined
  #isSpent = false
  #paused: Paused = { all: false, services: [] }

  /** `isShared`: its owner offers anything of it to others, so that its standing concerns it, and the welcome told it. */
  constructor({ standing, isShared }: { standing: Standing; isShared: boolean }) {
    this.#standing = isShared ? standing : undefined
  }

  /** What the agent is to be told, now that its provider is like this. */
  async findNews(provider: ProviderNow): Promise<GatewayMessage[]> {
    const { standing, openness, paused, ration, now } = provider
    const news: GatewayMessage[] = []
    if (standing !== undefined && standing !== this.#standing && openness.isShared) {
      const note = this.#standing === undefined ? welcomeNote(standing) : newsOfStanding(this.#standing, standing)
      this.#standing = standing
      if (note !== undefined) news.push({ type: 'provider.standing', note })
    }
    // Others who get nothing for another reason get no more by what is left of it.
    const isSpent = isSpentNow(ration) && (this.#isSpent || openness.open.length > 0)
    if (isSpent !== this.#isSpent) {
      this.#isSpent = isSpent
      // What is new no more has been told already.
      if (ration && (isSpent || openness.available.length > 0))
        news.push({
          type: 'provider.standing',
          note: newsOfRation(ration, { isSpent, until: await endOf(provider), now })
        })
    }
    if (!isDeepStrictEqual(paused, this.#paused)) {
      this.#paused = paused
      news.push({ type: 'provider.paused', note: pausedNote(paused) })
    }
    return news
  }
}

/** What is being made may fail yet, and then others have not had it. */
export const isSpentNow = (ration: Ration | undefined): boolean =>
  ration?.spent !== undefined && ration.spent.beingMade === undefined

/** When others may have images again that have had all of this; undefined when it depends on when images are made. */
async function endOf({ ration, openness, findCapsEnd }: ProviderNow): Promise<number | undefined> {
  const until = ration?.spent?.until
  if (openness.available.length > 0 || until === undefined) return until
  const capsEnd = await findCapsEnd()
  return capsEnd === undefined ? undefined : Math.max(until, capsEnd)
}
