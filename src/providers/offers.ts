import type { Routing } from '../db/tables.ts'
import type { Clock } from '../lib/clock.ts'
import { errors } from '../lib/errors.ts'
import type { Principal } from '../lib/principal.ts'
import { canDo, type Feature } from '../images/image-request.ts'
import type { Offer, ProviderStore, ServiceAccess } from './provider-store.ts'

/** A provider that was online within this time is *known*: work that can wait is accepted for it. */
const KNOWN_FOR_MS = 7 * 86_400_000

export interface Offers {
  /** What is online for this caller. */
  listOnline(principal: Principal): Promise<Offer[]>
  /**
   * Throws `no_provider` when nothing that this caller may use serves the model with all of `needs`: nothing online,
   * or with `canWait` nothing seen in the last seven days.
   */
  requireOffer(wanted: WantedOffer): Promise<void>
}

export interface WantedOffer {
  principal: Principal
  model: string
  needs: readonly Feature[]
  routing: Routing
  canWait: boolean
}

export function mayUse(access: ServiceAccess, ownerId: string, user: { userId: string; email: string }): boolean {
  if (access === 'members' || ownerId === user.userId) return true
  return access !== 'private' && access.some((address) => address.toLowerCase() === user.email.toLowerCase())
}

export function createOffers({ store, clock }: { store: ProviderStore; clock: Clock }): Offers {
  return {
    listOnline: async (principal) => {
      const offers = await store.listOffers({ seenSince: clock.now() })
      return offers.filter((offer) => mayUse(offer.access, offer.ownerId, principal))
    },
    requireOffer: async ({ principal, model, needs, routing, canWait }) => {
      const may = (offer: Offer) =>
        mayUse(offer.access, offer.ownerId, principal) && (routing !== 'only_own' || offer.ownerId === principal.userId)
      const seenSince = canWait ? clock.now() - KNOWN_FOR_MS : clock.now()
      const offers = (await store.listOffers({ seenSince, model })).filter(may)
      if (offers.some((offer) => canDo(offer.features, needs))) return
      const online = (await store.listOffers({ seenSince: clock.now() })).filter(may)
      const able = new Set(online.filter((offer) => canDo(offer.features, needs)).map((offer) => offer.model))
      // Naming the missing capability only helps when the model itself is there.
      throw errors.noProvider(model, [...able], offers.length > 0 || needs[0] !== 'generate' ? needs : [])
    }
  }
}
