import type { OfferingConfig } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import type { FindCapped } from '../providers/offers.ts'
import { capsOf, hasHadEnough } from './service-caps.ts'

/** Finds of which services somebody has had all that they may have of them within an hour, by their owners or, of new ones, by the club. */
export const createFindCapped =
  ({ db, clock }: Pick<Database, 'db' | 'clock'>, offering: OfferingConfig): FindCapped =>
  async (offers, userId) => {
    const services = [...new Map(offers.map((offer) => [offer.serviceId, offer])).values()]
    const caps = await capsOf(db, services, { now: clock.now(), offering })
    const usedUp = services.filter((service) =>
      hasHadEnough(caps.get(service.serviceId), { userId, ownerId: service.ownerId })
    )
    return new Set(usedUp.map(({ serviceId }) => serviceId))
  }
