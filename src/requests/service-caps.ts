import { HOUR_MS } from '../lib/durations.ts'
import type { Db } from '../db/database.ts'
import type { OfferingConfig } from '../config/config.ts'
import { placesForOthers, type Reach } from '../providers/trust-policy.ts'
import { countServed, findHourOver } from '../usage/usage-store.ts'
import { countRunning } from './attempt-store.ts'

/** What the owner of a service lets others have of it. */
export interface ServiceCaps {
  serviceId: string
  providerId: string
  ownerId: string
  imagesPerHour?: number
  imagesPerUserHour?: number
}

/** Who may not have an image of a service now, for what others have had. */
export interface Capped {
  /** Nobody but the owner may. */
  others: boolean
  userIds: ReadonlySet<string>
  /** How many images of others it may be given now; absent: as many as it has places. */
  left?: number
  /** Being new it makes all of others' that it may at once: the next may begin when one is done. */
  isBusy?: true
}

const NOBODY: ReadonlySet<string> = new Set()

/** Whether somebody may not have an image of a service now. Its owner always may. */
export const isCapped = (
  capped: Capped | undefined,
  { userId, ownerId }: { userId: string; ownerId: string }
): boolean => userId !== ownerId && capped !== undefined && (capped.others || capped.userIds.has(userId))

/**
 * The same for as long as the hour lasts. Where it only makes all that it may at a time, the next may begin when one is done, but not
 * of somebody who has had theirs.
 */
export const hasHadEnough = (capped: Capped | undefined, who: { userId: string; ownerId: string }): boolean =>
  isCapped(capped?.isBusy ? { ...capped, others: false } : capped, who)

/**
 * Per service, those who have had what its owner lets others have within an hour, what runs for them included; everybody
 * when its provider may not serve others, or being new has enough of theirs. Whom an owner has blocked is asked elsewhere.
 * It asks the same few questions for any number of services, and none for those of which others may have all they want.
 */
export async function capsOf(
  db: Db,
  services: readonly (ServiceCaps & { reach: Reach })[],
  { now, offering }: { now: number; offering: OfferingConfig }
): Promise<Map<string, Capped>> {
  const limited = services.filter(({ reach }) => reach !== 'owner').filter((one) => isNew(one) || hasCaps(one))
  const had = await countHad(db, limited, { now, fresh: limited.filter(isNew) })
  return new Map(
    services.map((service) => {
      if (service.reach === 'owner') return [service.serviceId, { others: true, userIds: NOBODY }]
      const capped = hasCaps(service) ? cappedByOwner(service, had) : { others: false, userIds: NOBODY }
      if (!isNew(service) || capped.others) return [service.serviceId, capped]
      const work = had.ofProvider(service.providerId)
      const left = placesForOthers(work, offering)
      const isBusy = left === 0 && work.withinHour + work.running < offering.newProviderPerHour
      return [service.serviceId, { ...capped, others: left === 0, left, ...(isBusy && { isBusy }) }]
    })
  )
}

const isNew = ({ reach }: { reach: Reach }): boolean => reach === 'few'
export const hasCaps = ({
  imagesPerHour,
  imagesPerUserHour
}: Pick<ServiceCaps, 'imagesPerHour' | 'imagesPerUserHour'>): boolean =>
  imagesPerHour !== undefined || imagesPerUserHour !== undefined

/** Images that were made within an hour for others, of each of these services. */
export async function countHadOf(
  db: Db,
  services: readonly ServiceCaps[],
  now: number
): Promise<ReadonlyMap<string, number>> {
  const had = await countHad(db, services, { now })
  return new Map(services.map(({ serviceId }) => [serviceId, madeOf(sumOf(had.ofService(serviceId).values()))]))
}

/** When there is more again of what may be made for others within an hour. */
export interface LimitEnd {
  /** UTC milliseconds, if all that is being made is made; absent when it depends on when that is. */
  until?: number
  /** So many images hold the last places while they are being made: if enough fail (one, unless the cap was lowered), there is more at once. Absent: all were made. */
  beingMade?: number
  /** It is who asks that has had what is let to each: others may have more. */
  isOwnShare?: true
}

/** How many images of a service may be begun yet within the hour; negative where a cap was lowered. */
export interface CapRoom {
  /** By all others together; Infinity where each may have as many as they want. */
  all: number
  /** By somebody; the same. */
  own: number
}

/** When others may have images again of services that they have had enough of. */
export interface CapEnds {
  /** Not of its owner, who may always. */
  roomOf(service: ServiceCaps, userId: string): CapRoom
  /** Undefined where they may have more by its caps. */
  of(service: ServiceCaps, userId: string): Promise<LimitEnd | undefined>
}

/** Tells when the caps of any of these services end. What it has found once it does not ask again. */
export const findCapEnds = async (db: Db, services: readonly ServiceCaps[], now: number): Promise<CapEnds> =>
  endsOf(db, await countHad(db, services.filter(hasCaps), { now }), now)

function endsOf(db: Db, had: Had, now: number): CapEnds {
  const known = new Map<string, Promise<number | undefined>>()
  /**
   * When the `excess` oldest of the images that were made within the hour will be more than an hour old, UTC
   * milliseconds.
   */
  const whenOlder = ({ serviceId, ownerId }: ServiceCaps, excess: number, userId?: string) => {
    const key = `${serviceId} ${userId ?? ''}`
    const found = known.get(key) ?? findHourOver(db, { serviceId, ownerId, userId, now, skip: excess - 1 })
    known.set(key, found)
    return found
  }
  return {
    roomOf: (service, userId) => roomOf(service, { had, userId }),
    of: async (service, userId) => {
      const byUser = had.ofService(service.serviceId)
      const reached = [
        { count: sumOf(byUser.values()), cap: service.imagesPerHour ?? Infinity, of: undefined },
        { count: byUser.get(userId) ?? NOTHING, cap: service.imagesPerUserHour ?? Infinity, of: userId }
      ].filter(({ count, cap }) => count.images >= cap)
      const [first] = reached
      if (!first) return undefined
      const ends: (number | undefined)[] = []
      for (const { count, cap, of } of reached) ends.push(await whenOlder(service, count.images - cap + 1, of))
      const known = ends.filter((at) => at !== undefined)
      const isMade = reached.some(({ count, cap }) => madeOf(count) >= cap)
      return {
        ...(known.length === ends.length && { until: Math.max(...known) }),
        ...(!isMade && { beingMade: first.count.running }),
        ...(reached.every(({ of }) => of !== undefined) && { isOwnShare: true })
      }
    }
  }
}

/**
 * The services of which somebody may have nothing for now, having had all that the owners let them have, by id. The owner may
 * always: they are told how it stands for everybody else. Services without such a limit are passed over.
 */
export async function findUsedUp(
  db: Db,
  services: readonly ServiceCaps[],
  { userId, now }: { userId: string; now: number }
): Promise<Map<string, LimitEnd>> {
  // Whether a machine is new, or may serve others at all, is told of it in other words.
  const limited = services.filter(hasCaps)
  const ends = await findCapEnds(db, limited, now)
  const usedUp = new Map<string, LimitEnd>()
  for (const service of limited) {
    const who = userId === service.ownerId ? NOBODY_ELSE : userId
    const end = await ends.of(service, who)
    if (end) usedUp.set(service.serviceId, end)
  }
  return usedUp
}

/** What somebody may have of a service within an hour, and how much of that is left. */
export interface Allowance {
  images: number
  left: number
  /** It is for all others together, and not for each: what they had counts. */
  isShared: boolean
  /**
   * When the first of those that are counted will be more than an hour old, UTC milliseconds, or where more are than there may be, the
   * first that makes room; undefined when none was made.
   */
  next?: number
}

/** By id of those of these services of which their owners let somebody have so much and no more. */
export async function findAllowances(
  db: Db,
  services: readonly ServiceCaps[],
  { userId, now }: { userId: string; now: number }
): Promise<Map<string, Allowance>> {
  const limited = services.filter((one) => hasCaps(one) && one.ownerId !== userId)
  const had = await countHad(db, limited, { now })
  const allowances = new Map<string, Allowance>()
  for (const service of limited) {
    const { serviceId, ownerId, imagesPerHour = Infinity, imagesPerUserHour = Infinity } = service
    const { all, own } = roomOf(service, { had, userId })
    const counted = own <= all ? userId : undefined
    const left = Math.min(all, own)
    const next = await findHourOver(db, { serviceId, ownerId, userId: counted, now, skip: Math.max(0, -left) })
    allowances.set(serviceId, {
      images: Math.min(imagesPerHour, imagesPerUserHour),
      left: Math.max(0, left),
      isShared: imagesPerHour < imagesPerUserHour,
      ...(next !== undefined && { next })
    })
  }
  return allowances
}

function roomOf(service: ServiceCaps, { had, userId }: { had: Had; userId: string }): CapRoom {
  const { serviceId, imagesPerHour = Infinity, imagesPerUserHour = Infinity } = service
  const byUser = had.ofService(serviceId)
  return {
    all: imagesPerHour - sumOf(byUser.values()).images,
    own: imagesPerUserHour - (byUser.get(userId) ?? NOTHING).images
  }
}

/**
 * A cap that others have reached, all of them together, or one of them at least, with what was made for them: what is being
 * made may fail yet, and then they have not had it.
 */
export interface ReachedCap {
  serviceId: string
  cap: 'imagesPerHour' | 'imagesPerUserHour'
  images: number
  /** When somebody may have another, UTC milliseconds; undefined as of `CapEnds`. */
  findEnd(): Promise<number | undefined>
}

/** Of these services, in their order. It asks the same few questions for any number of them; their ends cost further ones. */
export async function listReached(db: Db, services: readonly ServiceCaps[], now: number): Promise<ReachedCap[]> {
  const limited = services.filter(hasCaps)
  if (limited.length === 0) return []
  const had = await countHad(db, limited, { now })
  const ends = endsOf(db, had, now)
  return limited.flatMap((service) => {
    const { serviceId, imagesPerHour, imagesPerUserHour, ...same } = service
    const { others, userIds } = cappedByOwner(service, had, madeOf)
    const reached: ReachedCap[] = []
    if (others && imagesPerHour !== undefined) {
      const findEnd = async () => (await ends.of({ serviceId, imagesPerHour, ...same }, NOBODY_ELSE))?.until
      reached.push({ serviceId, cap: 'imagesPerHour', images: imagesPerHour, findEnd })
    }
    if (userIds.size > 0 && imagesPerUserHour !== undefined) {
      const findEnd = () => findFirstEnd(ends, { serviceId, imagesPerUserHour, ...same }, userIds)
      reached.push({ serviceId, cap: 'imagesPerUserHour', images: imagesPerUserHour, findEnd })
    }
    return reached
  })
}

async function findFirstEnd(
  ends: CapEnds,
  service: ServiceCaps,
  userIds: ReadonlySet<string>
): Promise<number | undefined> {
  let first: number | undefined
  for (const userId of userIds) {
    const end = (await ends.of(service, userId))?.until
    if (end !== undefined && end < (first ?? Infinity)) first = end
  }
  return first
}

/** Somebody who has had nothing. */
const NOBODY_ELSE = ''

interface Count {
  /** Those that are being made included. */
  images: number
  running: number
}

const NOTHING: Count = { images: 0, running: 0 }

const madeOf = ({ images, running }: Count): number => images - running
const placesOf = ({ images }: Count): number => images

const plus = (one: Count, other: Count): Count => ({
  images: one.images + other.images,
  running: one.running + other.running
})
const sumOf = (counts: Iterable<Count>): Count => [...counts].reduce(plus, NOTHING)

/** What others than the owners had within an hour. */
interface Had {
  /** Images of a service by user. */
  ofService(serviceId: string): ReadonlyMap<string, Count>
  ofProvider(providerId: string): { running: number; withinHour: number }
}

/** `fresh`: those of new providers, of which all that the provider made counts. */
async function countHad(
  db: Db,
  services: readonly ServiceCaps[],
  { now, fresh = [] }: { now: number; fresh?: readonly ServiceCaps[] }
): Promise<Had> {
  const byService = new Map<string, Map<string, Count>>()
  const running = new Map<string, number>()
  const withinHour = new Map<string, number>()
  const idsOf = (some: readonly ServiceCaps[]) => [...new Set(some.map(({ providerId }) => providerId))]
  const freshIds = idsOf(fresh)
  const since = now - HOUR_MS
  if (services.length > 0) {
    for (const one of await countServed(db, {
      serviceIds: services.map(({ serviceId }) => serviceId),
      providerIds: freshIds,
      since
    })) {
      addTo(byService, one, { images: one.images, running: 0 })
      add(withinHour, one.providerId, one.images)
    }
    for (const one of await countRunning(db, idsOf(services))) {
      addTo(byService, one, { images: one.images, running: one.images })
      add(running, one.providerId, one.images)
    }
  }
  return {
    ofService: (serviceId) => byService.get(serviceId) ?? new Map(),
    ofProvider: (id) => ({ running: running.get(id) ?? 0, withinHour: withinHour.get(id) ?? 0 })
  }
}

function add(sums: Map<string, number>, key: string, more: number): void {
  sums.set(key, (sums.get(key) ?? 0) + more)
}

function addTo(
  byService: Map<string, Map<string, Count>>,
  { serviceId, userId }: { serviceId: string; userId: string },
  more: Count
): void {
  const users = byService.get(serviceId) ?? new Map<string, Count>()
  byService.set(serviceId, users)
  users.set(userId, plus(users.get(userId) ?? NOTHING, more))
}

/** By what `counted` takes of what somebody had: what is being made has a place within the caps, so that they are never passed. */
function cappedByOwner(
  { serviceId, imagesPerHour = Infinity, imagesPerUserHour = Infinity }: ServiceCaps,
  { ofService }: Had,
  counted: (had: Count) => number = placesOf
): Capped {
  const had = ofService(serviceId)
  const sated = [...had].filter(([, count]) => counted(count) >= imagesPerUserHour).map(([userId]) => userId)
  return { others: counted(sumOf(had.values())) >= imagesPerHour, userIds: new Set(sated) }
}
