import type { OfferingConfig } from '../config/config.ts'
import type { Db } from '../db/database.ts'
import { isOpenEnded, isPaused, type Pause } from '../providers/pause-store.ts'
import { KNOWN_FOR_MS } from '../providers/offers.ts'
import type { Offer } from '../providers/offers-store.ts'
import { findRations, type Ration } from '../requests/find-rations.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { type CapEnds, type Capped, capsOf, findCapEnds, isCapped } from '../requests/service-caps.ts'
import { servicesFor } from '../requests/services-for.ts'
import { listFailures, type TaskRow } from '../requests/task-store.ts'

export const WAIT_REASONS = [
  'capped',
  'new_here',
  'retry',
  'paused',
  'unusable',
  'missing',
  'drained',
  'away',
  'approval',
  'not_served'
] as const

/**
 * `capped`: the owners of what could make the image let others have no more of it for now. `new_here`: being new they have made what the club lets such machines make for others within an hour. `retry`: it
 * failed on all of them, and is tried again. `paused`: its image server asked for patience. `unusable`: its image server cannot be reached or refuses its key. `missing`: its image server is there and lacks
 * the model. `drained`: its owner has taken it out of service. `away`: no machine that could is online.
 * `approval`: it may not serve others until an admin lets it. `not_served`: there are only machines whose owners do not
 * serve who asked; nobody is named.
 */
export type WaitReason = (typeof WAIT_REASONS)[number]

/** Why an image waits that nobody may begin now. */
export interface Wait {
  reason: WaitReason
  /** When somebody may, UTC milliseconds; absent when nobody can know. */
  until?: number
  /** Of `capped`: who asked has had what is let to each, of a machine that makes images of others still. */
  isOwnShare?: true
}

/** Who may make an image. */
export interface Takers {
  /** Online and not held back; they may be busy. */
  open: Offer[]
  /** There when nobody is open. */
  wait?: Wait
  /** Those that could make it, are online, and are left alone for the reason of the wait. */
  held?: Offer[]
}

/**
 * Which services may take each of these waiting tasks now, or why none may, by the task's id. All of them are for
 * `model`.
 */
export async function findTakers(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  { model, tasks }: { model: string; tasks: readonly TaskRow[] }
): Promise<Map<string, Takers>> {
  const { db, clock } = database
  const now = clock.now()
  const offers = await providers.listOffers({ seenSince: now, model })
  const able = await servicesFor(db, { tasks, offers })
  const failures = await listFailures(db, tasks)
  const capped = await capsOf(db, offers, { now, offering: providers.offering })
  const found = new Map<string, Takers>()
  const [held, unserved]: [(Held & { taskId: string })[], TaskRow[]] = [[], []]
  for (const task of tasks) {
    const { spentOn = [], failedOn = [] } = failures.get(task.id) ?? {}
    const left = new Set((able.get(task.id) ?? []).filter((id) => !spentOn.includes(id)))
    const could = offers.filter(({ serviceId }) => left.has(serviceId))
    const unheld = could.filter((offer) => !isHeld(offer, { capped, userId: task.user_id, now }))
    const isEarly = ({ serviceId }: Offer) => task.not_before > now && failedOn.includes(serviceId)
    const open = unheld.filter((offer) => !isEarly(offer))
    found.set(task.id, { open })
    if (could.length === 0) unserved.push(task)
    else if (unheld.length === 0) held.push({ taskId: task.id, userId: task.user_id, could })
    else if (open.length === 0) found.set(task.id, { open, wait: { reason: 'retry', until: task.not_before } })
  }
  if (held.length > 0) {
    const limits = await findLimits(db, offers, { capped, now, offering: providers.offering })
    for (const one of held) {
      const wait = await waitOfHeld(one, limits)
      const leftAlone = one.could.filter(
        ({ pause }) => pause && isPaused({ pause }, now) && waitOfPause(pause).reason === wait.reason
      )
      found.set(one.taskId, { open: [], wait, held: leftAlone })
    }
  }
  if (unserved.length > 0) {
    const reasons = await whyUnserved({ database, providers }, { model, tasks: unserved, now })
    for (const { id } of unserved) found.set(id, { open: [], wait: { reason: reasons.get(id) ?? 'away' } })
  }
  return found
}

/**
 * Why somebody who may use these offers would wait for a model of theirs before anybody begins, by model; models that
 * somebody may begin now are not in it.
 */
export async function findRests(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  { userId, offers }: { userId: string; offers: readonly Offer[] }
): Promise<Map<string, Wait>> {
  const { db, clock } = database
  const now = clock.now()
  const capped = await capsOf(db, offers, { now, offering: providers.offering })
  const resting = [...Map.groupBy(offers, ({ model }) => model)].filter(([, could]) =>
    could.every((offer) => isHeld(offer, { capped, userId, now }))
  )
  const rests = new Map<string, Wait>()
  if (resting.length === 0) return rests
  const limits = await findLimits(db, offers, { capped, now, offering: providers.offering })
  for (const [model, could] of resting) rests.set(model, await waitOfHeld({ userId, could }, limits))
  return rests
}

/** Whether nothing of somebody's is begun there now, though it is online. */
const isHeld = (
  offer: Offer,
  { capped, userId, now }: { capped: ReadonlyMap<string, Capped>; userId: string; now: number }
): boolean =>
  isPaused(offer, now) ||
  (isCapped(capped.get(offer.serviceId), { userId, ownerId: offer.ownerId }) &&
    capped.get(offer.serviceId)?.isBusy !== true)

/** What offers may be held back by, and until when, at a moment. */
interface Limits {
  capped: ReadonlyMap<string, Capped>
  ends: CapEnds
  /** Of new providers, by id. */
  rations: ReadonlyMap<string, Ration>
  now: number
}

const findLimits = async (
  db: Db,
  offers: readonly Offer[],
  { capped, now, offering }: Pick<Limits, 'capped' | 'now'> & { offering: OfferingConfig }
): Promise<Limits> => {
  const fresh = offers.filter(({ reach }) => reach === 'few')
  return {
    capped,
    ends: await findCapEnds(db, offers, now),
    rations: await findRations(db, fresh, { now, offering }),
    now
  }
}

interface Held {
  userId: string
  could: readonly Offer[]
}

/**
 * The wait that ends first, of those for each service that could make the image. A wait whose end nobody knows comes
 * after those with one, `unusable` after everything else, for it is told when all image servers are, and `missing` after that: a
 * server that was down may be back by itself.
 */
async function waitOfHeld({ userId, could }: Held, { capped, ends, rations, now }: Limits): Promise<Wait> {
  const waits: Wait[] = []
  for (const offer of could) {
    if (offer.pause && isPaused(offer, now)) waits.push(waitOfPause(offer.pause))
    else {
      const byOwner = await ends.of(offer, userId)
      const spent = rations.get(offer.providerId)?.spent
      const isOwnShare = capped.get(offer.serviceId)?.others === false
      // Of two limits the one that ends later is what is waited for.
      const isNewHere = spent && (!byOwner || (spent.until ?? Infinity) > (byOwner.until ?? Infinity))
      waits.push(
        isNewHere
          ? { reason: 'new_here', ...spent }
          : { reason: 'capped', ...byOwner, ...(isOwnShare && { isOwnShare }) }
      )
    }
  }
  const rankOf = ({ reason }: Wait) => (reason === 'missing' ? 2 : reason === 'unusable' ? 1 : 0)
  const [first] = waits.toSorted((a, b) => rankOf(a) - rankOf(b) || (a.until ?? Infinity) - (b.until ?? Infinity))
  return first ?? { reason: 'away' }
}

const REASONS_OF_PAUSES: Readonly<Record<string, WaitReason>> = { busy: 'paused', model_missing: 'missing' }

const waitOfPause = (pause: Pause): Wait => ({
  reason: REASONS_OF_PAUSES[pause.reason] ?? 'unusable',
  ...(!isOpenEnded(pause) && { until: pause.until })
})

async function whyUnserved(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  { model, tasks, now }: { model: string; tasks: readonly TaskRow[]; now: number }
): Promise<Map<string, WaitReason>> {
  const online = await providers.listOffers({ seenSince: now, model, drained: true })
  const known = await providers.listOffers({ seenSince: now - KNOWN_FOR_MS, model, drained: true })
  const servedBy = (offers: readonly Offer[]) => servicesFor(database.db, { tasks, offers })
  const drained = await servedBy(online)
  const away = await servedBy(known)
  const unapproved = await servedBy(online.map((offer) => ({ ...offer, reach: 'all' as const })))
  // Private services are nobody's business.
  const others = known.filter(({ access, reach }) => access !== 'private' && reach === 'all')
  const unserving = await servedBy(others.map((offer) => ({ ...offer, access: 'members' as const, hasBlocks: false })))
  const has = (services: ReadonlyMap<string, readonly string[]>, id: string) => (services.get(id) ?? []).length > 0
  const reasonOf = (id: string): WaitReason => {
    if (has(drained, id)) return 'drained'
    if (has(away, id)) return 'away'
    if (has(unapproved, id)) return 'approval'
    return has(unserving, id) ? 'not_served' : 'away'
  }
  return new Map(tasks.map(({ id }) => [id, reasonOf(id)]))
}
