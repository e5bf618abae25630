import type { Feature } from '../images/image-request.ts'
import { type ServiceWarm, type ServiceWarmed, WARM_ENDS } from '../protocol/service-warms.ts'
import type { WarmAnswer, WarmWish } from '../providers/service-warms-store.ts'
import type { SessionOffers } from './session-offers.ts'

const OLD_AGENT = 'Its agent is of a version that cannot be asked to load a model.'

interface OfferingService {
  id: string
  declaration: { name: string }
  /** Those of the agent's file. */
  models: Map<string, Feature[]>
}

/** Which models the owner of an agent wishes to have loaded, as one session of it knows. */
export class SessionWarms {
  /** By wish, what its agent makes of it and is not yet written down. */
  readonly unsaved = new Map<string, WarmAnswer>()
  /** By id; what has ended stays until nobody wishes it any more. */
  readonly #asked = new Map<string, WarmWish & { hasEnded?: true }>()
  readonly #offers: Pick<SessionOffers, 'addTo'>

  constructor(offers: Pick<SessionOffers, 'addTo'>) {
    this.#offers = offers
  }

  /**
   * Takes all that is wished now, and answers with what the agent is to be told of it: what is new and of a model that it offers,
   * since what is offered beside its file it may not have accepted again yet. For an agent that cannot be asked each has its end
   * at once.
   */
  ask(
    wishes: readonly WarmWish[],
    { services, canBeAsked }: { services: readonly OfferingService[]; canBeAsked: boolean }
  ): ServiceWarm[] {
    for (const id of this.#asked.keys()) if (!wishes.some(({ wish }) => wish === id)) this.#asked.delete(id)
    return wishes.flatMap((one): ServiceWarm[] => {
      const { serviceId, model, wish } = one
      const service = services.find(({ id }) => id === serviceId)
      if (!service || this.#asked.has(wish) || !this.#offers.addTo(service.models, serviceId).has(model)) return []
      this.#asked.set(wish, { ...one })
      if (canBeAsked) return [{ type: 'service.warm', service: service.declaration.name, model, wish }]
      this.unsaved.set(wish, { wish, state: 'unsupported', text: OLD_AGENT })
      return []
    })
  }

  /** Takes an answer to a wish that has no end yet; gives what is loaded by it, if anything is. */
  hear(serviceId: string, { wish, model, state, text }: ServiceWarmed): WarmWish[] {
    const asked = this.#asked.get(wish)
    if (!asked || asked.hasEnded || asked.serviceId !== serviceId || asked.model !== model) return []
    if (WARM_ENDS.some((end) => end === state)) asked.hasEnded = true
    this.unsaved.set(wish, { wish, state, text })
    return state === 'warmed' ? [asked] : []
  }
}
