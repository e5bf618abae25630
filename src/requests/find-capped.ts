import type { OfferingConfig } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import type { FindCapped } from '../providers/offers.ts'
import { capsOf, isCapped } from './service-caps.ts'

/** Finds of which services somebody has had all that they may have of them within an hour, by their owners or, of new ones, by the club. */
export const createFindCapped =
  ({ db, clock }: Pick<Database, 'db' | 'clock'>, offering: OfferingConfig): FindCapped =>
  async (offers, userId) => {
    const services = [...new Map(offers.map((offer) => [offer.serviceId, offer])).values()]
    const caps = await capsOf(db, services, { now: clock.now(), offering })
    const usedUp = services.filter(({ serviceId, ownerId }) => {
      const capped = caps.get(serviceId)
      // One that makes as many as it may at a time goes on by itself, for those who have not had their own share of it.
      const had = capped?.isBusy === true ? { ...capped, others: false } : capped
      return isCapped(had, { userId, ownerId })
    })
    return new Set(usedUp.map(({ serviceId }) => serviceId))
  }
