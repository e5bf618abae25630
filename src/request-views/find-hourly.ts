import type { Offer } from '../providers/offers-store.ts'
import { isUnusable } from '../providers/pause-store.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { type Allowance, findAllowances } from '../requests/service-caps.ts'

/** What somebody may have of a model within an hour, where every machine that makes it lets them have so much and no more. */
export interface Hourly extends Allowance {
  /** Its name, where it is one. */
  provider?: string
}

/** By model, of these offers, all of which are for this user. A model that anybody makes without such a limit is not in it. */
export async function findHourly(
  { database }: Pick<RequestParts, 'database'>,
  { userId, offers }: { userId: string; offers: readonly Offer[] }
): Promise<Map<string, Hourly>> {
  const { db, clock } = database
  const now = clock.now()
  const usable = offers.filter((offer) => !isUnusable(offer, now))
  const services = [...new Map(usable.map((offer) => [offer.serviceId, offer])).values()]
  const allowances = await findAllowances(db, services, { userId, now })
  const hourly = new Map<string, Hourly>()
  for (const [model, same] of Map.groupBy(usable, (offer) => offer.model)) {
    const those = same.flatMap(({ serviceId }) => allowances.get(serviceId) ?? [])
    if (those.length < same.length) continue
    const next = Math.min(...those.map((one) => one.next ?? Infinity))
    const names = new Set(same.map(({ providerName }) => providerName))
    const [provider] = names
    hourly.set(model, {
      images: those.reduce((sum, { images }) => sum + images, 0),
      left: those.reduce((sum, { left }) => sum + left, 0),
      isShared: those.some(({ isShared }) => isShared),
      ...(next !== Infinity && { next }),
      ...(names.size === 1 && provider !== undefined && { provider })
    })
  }
  return hourly
}
