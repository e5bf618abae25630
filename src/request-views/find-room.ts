import type { OfferingConfig } from '../config/config.ts'
import type { Db } from '../db/database.ts'
import type { Offer } from '../providers/offers-store.ts'
import { findRations } from '../requests/find-rations.ts'
import { findCapEnds, hasCaps } from '../requests/service-caps.ts'

/** What owners and the club let others have within an hour, as far as it is not used up. */
export interface Room {
  /**
   * Whether somebody may have so many images of these offers before the hour has moved on, when `ahead` are made first, of which
   * `ownAhead` are their own.
   */
  isEnough(
    offers: readonly Offer[],
    wanted: { userId: string; images: number; ahead: number; ownAhead: number }
  ): boolean
  /** The most images that somebody may have of one of these offers within what is let to each; Infinity where that is no limit. */
  shareOf(offers: readonly Offer[], userId: string): number
}

/** Of these offers. Nothing is asked where none of them has such a limit. */
export async function findRoom(
  db: Db,
  offers: readonly Offer[],
  { now, offering }: { now: number; offering: OfferingConfig }
): Promise<Room> {
  const services = [...new Map(offers.map((offer) => [offer.serviceId, offer])).values()]
  const caps = await findCapEnds(db, services, now)
  const rations = await findRations(
    db,
    services.filter(({ reach }) => reach === 'few'),
    { now, offering }
  )
  const roomOf = (offer: Offer, userId: string) =>
    offer.ownerId !== userId && hasCaps(offer) ? caps.roomOf(offer, userId) : { all: Infinity, own: Infinity }
  const leftOf = (offer: Offer, { userId, ahead, ownAhead }: { userId: string; ahead: number; ownAhead: number }) => {
    const { all, own } = roomOf(offer, userId)
    return Math.max(0, Math.min(all - ahead, own - ownAhead))
  }
  return {
    shareOf: (asked, userId) => Math.max(0, ...asked.map((offer) => roomOf(offer, userId).own)),
    isEnough: (asked, { userId, images, ahead, ownAhead }) => {
      let left = 0
      for (const [providerId, same] of Map.groupBy(asked, (offer) => offer.providerId)) {
        const ofServices = same.reduce((sum, offer) => sum + leftOf(offer, { userId, ahead, ownAhead }), 0)
        const ration = same.every(({ ownerId }) => ownerId === userId) ? undefined : rations.get(providerId)
        left += Math.min(ofServices, ration ? Math.max(0, ration.left - ahead) : Infinity)
      }
      return left >= images
    }
  }
}
