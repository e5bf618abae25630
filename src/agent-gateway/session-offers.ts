import { isDeepStrictEqual } from 'node:util'
import type { Feature } from '../images/image-request.ts'
import type { ServiceOffered } from '../protocol/service-offers.ts'
import type { OfferAnswer, OfferWish } from '../providers/service-offers-store.ts'

/** For how long an agent is waited for; what it accepted before on another connection is offered meanwhile. */
const ANSWER_WITHIN_MS = 60_000

/** What was asked of one service, and what its agent made of it. */
interface Asked extends OfferWish {
  /** Milliseconds of `performance.now()`. */
  at: number
  /** Ids of the models that its file says. */
  declared: string[]
  answer?: OfferAnswer
  /** What is offered of it: written down, and not taken back since. */
  offered: OfferAnswer['accepted']
}

/** An answer that is not yet written down; undefined: there was none in time. */
export interface UnsavedAnswer {
  revision: number
  answer: OfferAnswer | undefined
  /** Ids of the models that the agent's file says. */
  declared: string[]
}

/** What the owner of an agent wishes that it offers beside what its file says, as one session of it knows. */
export class SessionOffers {
  /** By service; to be taken out when it is written down. */
  readonly unsaved = new Map<string, UnsavedAnswer>()
  readonly #asked = new Map<string, Asked>()

  /** Takes a wish; false when it is no new one. What is no longer in it is offered no more. */
  ask(wish: OfferWish, ofFile: readonly { id: string }[]): boolean {
    const before = this.#asked.get(wish.serviceId)
    if (before?.revision === wish.revision) return false
    const offered = (before?.offered ?? []).filter(({ name }) => wish.wanted.includes(name))
    this.#asked.set(wish.serviceId, { ...wish, at: performance.now(), declared: ofFile.map(({ id }) => id), offered })
    this.unsaved.delete(wish.serviceId)
    return true
  }

  /**
   * Takes an answer to the newest wish. What was not asked for, is named twice, or bears the name of a model of the agent's
   * file, counts for nothing.
   */
  hear(serviceId: string, { revision, models, refused }: ServiceOffered): void {
    const asked = this.#asked.get(serviceId)
    if (asked?.revision !== revision) return
    const isWanted = ({ name }: { name: string }) => asked.wanted.includes(name)
    const ids = new Set(asked.declared)
    const names = new Set<string>()
    const accepted = models.filter(isWanted).flatMap(({ name, id, features }) => {
      if (ids.has(id) || names.has(name)) return []
      ids.add(id)
      names.add(name)
      return [{ name, id, features }]
    })
    const answer = {
      accepted,
      refused: refused.filter((one) => isWanted(one) && !names.has(one.name)).slice(0, asked.wanted.length)
    }
    if (isDeepStrictEqual(answer, asked.answer)) return
    asked.answer = answer
    this.unsaved.set(serviceId, { revision, answer, declared: asked.declared })
  }

  /** Has what is not answered in time be given up for now. */
  giveUpLate(now = performance.now()): void {
    for (const [serviceId, asked] of this.#asked) {
      if (asked.answer || now - asked.at < ANSWER_WITHIN_MS) continue
      asked.at = Infinity
      this.unsaved.set(serviceId, { revision: asked.revision, answer: undefined, declared: asked.declared })
    }
  }

  /** An answer is written down, or out of date: what it accepts may be asked for if it is not. */
  saved(serviceId: string, said: UnsavedAnswer, isNewest: boolean): void {
    if (this.unsaved.get(serviceId) === said) this.unsaved.delete(serviceId)
    const asked = this.#asked.get(serviceId)
    if (isNewest && asked?.revision === said.revision) asked.offered = said.answer?.accepted ?? []
  }

  /** These models of a service, and what it offers beside them. */
  addTo(models: Map<string, Feature[]>, serviceId: string): Map<string, Feature[]> {
    const offered = this.#asked.get(serviceId)?.offered ?? []
    return offered.length === 0
      ? models
      : new Map([...models, ...offered.map(({ id, features }) => [id, features] as const)])
  }
}
