import type { Offer } from '../providers/offers-store.ts'
import { isUnusable } from '../providers/pause-store.ts'
import { findRations, type Ration } from '../requests/find-rations.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { type Allowance, findAllowances } from '../requests/service-caps.ts'

/** What somebody may have of a model within an hour, where of every machine that makes it they may have so much and no more. */
export interface Hourly extends Allowance {
  /** Its name, where it is one. */
  provider?: string
}

/** By model, of these offers, all of which are for this user. A model that anybody makes without such a limit is not in it. */
export async function findHourly(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  { userId, offers }: { userId: string; offers: readonly Offer[] }
): Promise<Map<string, Hourly>> {
  const { db, clock } = database
  const now = clock.now()
  const usable = offers.filter((offer) => !isUnusable(offer, now))
  const services = [...new Map(usable.map((offer) => [offer.serviceId, offer])).values()]
  const allowances = await findAllowances(db, services, { userId, now })
  const fresh = usable.filter(({ reach, ownerId }) => reach === 'few' && ownerId !== userId)
  const rations = await findRations(db, fresh, { now, offering: providers.offering })
  const hourly = new Map<string, Hourly>()
  for (const [model, same] of Map.groupBy(usable, (offer) => offer.model)) {
    const byProvider = [...Map.groupBy(same, ({ providerId }) => providerId)]
    const those = byProvider.flatMap(([id, offers]) => {
      const ofServices = offers.flatMap(({ serviceId }) => allowances.get(serviceId) ?? [])
      return tighterOf(ofServices.length < offers.length ? undefined : sumOf(ofServices), rations.get(id)) ?? []
    })
    if (those.length < byProvider.length) continue
    const names = new Set(same.map(({ providerName }) => providerName))
    const [provider] = names
    hourly.set(model, {
      ...sumOf(those),
      ...(names.size === 1 && provider !== undefined && { provider })
    })
  }
  return hourly
}

function sumOf(those: readonly Allowance[]): Allowance {
  const next = Math.min(...those.map((one) => one.next ?? Infinity))
  return {
    images: those.reduce((sum, { images }) => sum + images, 0),
    left: those.reduce((sum, { left }) => sum + left, 0),
    isShared: those.some(({ isShared }) => isShared),
    ...(next !== Infinity && { next })
  }
}

/** Of what owners and the club let somebody have, that of which less is left. The club's is for all others together. */
function tighterOf(byOwner: Allowance | undefined, ration: Ration | undefined): Allowance | undefined {
  if (!ration) return byOwner
  const { images, left, next } = ration
  const byClub = { images, left, isShared: true, ...(next !== undefined && { next }) }
  if (!byOwner) return byClub
  return left < byOwner.left || (left === byOwner.left && images <= byOwner.images) ? byClub : byOwner
}
