import type { Database } from '../db/database.ts'
import { secondsOf } from '../providers/image-cost.ts'
import { isPaused } from '../providers/pause-store.ts'
import type { Offer } from '../providers/offers-store.ts'
import type { ProviderStore } from '../providers/provider-store.ts'
import { HELD } from '../requests/request-states.ts'
import { type Lane, listLanes } from '../requests/runnable-store.ts'
import type { Claim } from '../requests/claim-tasks.ts'
import { type Capped, capsOf, hasCaps, isCapped } from '../requests/service-caps.ts'
import { servicesFor } from '../requests/services-for.ts'
import type { FreeSlots } from './match-tasks.ts'
import type { ServiceSlots } from './slot-source.ts'

/** A lane of the queue whose images may begin now. */
export interface OpenLane extends Lane {
  /** Free services that may take them. */
  services: readonly ServiceSlots[]
  /** Every service online that could, busy ones and those of other gateways included. */
  elsewhere: readonly string[]
}

/** What can begin now, and where. */
export interface Openings {
  lanes: OpenLane[]
  /** What each service has to give that may take any of it. */
  slots: Map<string, FreeSlots>
  offers: readonly Offer[]
  /** Why a service is open to somebody's image, where no claim need find that out again: it is their own, or everybody's. */
  openTo: (serviceId: string, task: { user_id: string; model: string }) => Claim['open']
  /** Nothing else waits for these models. */
  isAll: boolean
  now: number
}

/**
 * Which lanes of the queues for these models any of the free services may take from, as far as that can be said without
 * a look at the images in them. It asks a few questions about all of them together, whatever the services declare and
 * however long the queues are.
 */
export async function listOpenings(
  { database, providers }: { database: Database; providers: Pick<ProviderStore, 'listRecentOffers' | 'offering'> },
  { connected, models }: { connected: readonly ServiceSlots[]; models: readonly string[] }
): Promise<Openings> {
  const now = database.clock.now()
  const known = await providers.listRecentOffers(models)
  const offers = known.filter((offer) => !isPaused(offer, now))
  const offered = Map.groupBy(offers, (offer) => offer.serviceId)
  // What is connected may be drained, or left alone in whole or in part.
  const services = connected.flatMap((service) => {
    const [offer] = offered.get(service.serviceId) ?? []
    return offer ? [{ ...service, offer }] : []
  })
  const free = new Map(services.map((service) => [service.serviceId, service]))
  const served = new Set(offers.filter(({ serviceId }) => free.has(serviceId)).map(({ model }) => model))
  const asked = models.filter((model) => served.has(model))
  const isAsked = asked.length === models.length
  // What lies in the queue of an image server has its place.
  const waiting = (await listLanes(database.db, asked)).filter(({ held }) => held !== HELD.ahead)
  if (waiting.length === 0) return { lanes: [], slots: new Map(), offers, openTo: () => undefined, isAll: isAsked, now }
  const able = await servicesFor(database.db, { tasks: waiting, offers })
  const capped = await capsOf(
    database.db,
    services.map(({ offer }) => offer),
    { now, offering: providers.offering }
  )
  const isLimited = [...capped.values()].some(({ others, userIds }) => others || userIds.size > 0)
  const takersOf = new Map<readonly string[], ServiceSlots[]>()
  /** The free ones, found once for all lanes that may go to the same places. */
  const takersAmong = (able: readonly string[], model: string): ServiceSlots[] => {
    const known = takersOf.get(able)
    if (known) return known
    const takers = able.flatMap((id) => {
      const service = free.get(id)
      return service?.models.has(model) === true ? [service] : []
    })
    takersOf.set(able, takers)
    return takers
  }
  const lanes = waiting.flatMap((lane): OpenLane[] => {
    const elsewhere = able.get(lane.id) ?? []
    const among = takersAmong(elsewhere, lane.model)
    const takers = isLimited
      ? among.filter(({ serviceId: id, ownerId }) => !isCapped(capped.get(id), { userId: lane.user_id, ownerId }))
      : among
    return takers.length === 0 ? [] : [{ ...lane, services: takers, elsewhere }]
  })
  const wanted = new Set(lanes.flatMap((lane) => lane.services.map(({ serviceId }) => serviceId)))
  const slots = services
    .filter(({ serviceId }) => wanted.has(serviceId))
    .map(
      (service) =>
        [
          service.serviceId,
          slotsOf(service, offered.get(service.serviceId) ?? [], capped.get(service.serviceId))
        ] as const
    )
  const openTo: Openings['openTo'] = (serviceId, { user_id: userId, model }) => {
    const offer = offered.get(serviceId)?.find((one) => one.model === model)
    return offer && reasonOf(offer, userId)
  }
  return { lanes, slots: new Map(slots), offers, openTo, isAll: isAsked && lanes.length === waiting.length, now }
}

function reasonOf(offer: Offer, userId: string): Claim['open'] {
  if (offer.ownerId === userId) return {}
  const isEverybodys = offer.access === 'members' && offer.reach === 'all' && !hasCaps(offer)
  return isEverybodys ? { seen: offer.seen } : undefined
}

/** What a service has free, with what is known of it. It may try one place more than it has proven. */
function slotsOf(service: ServiceSlots, offers: readonly Offer[], capped: Capped | undefined): FreeSlots {
  const { serviceId, ownerId, free, running, loaded, standby, held } = service
  return {
    serviceId,
    ownerId,
    free,
    running,
    proven: Math.max(0, Math.min(free, (offers[0]?.provenPlaces ?? 0) + 1 - running)),
    secondsPerMegapixel: new Map(
      offers.flatMap(({ model, pace }) => entryOf(model, secondsOf(pace, { megapixels: 1 })))
    ),
    ...(loaded && { loaded }),
    ...(standby !== undefined && { standby }),
    ...(held && { held }),
    ...(capped?.left !== undefined && { forOthers: capped.left })
  }
}

const entryOf = (model: string, seconds: number | undefined): [string, number][] =>
  seconds === undefined ? [] : [[model, seconds]]
