import type { OfferingConfig } from '../config/config.ts'
import type { Db } from '../db/database.ts'
import type { LimitReason, WaitReason } from '../lib/wait-reasons.ts'
import { isOpenEnded, isPaused, type Pause } from '../providers/pause-store.ts'
import type { Offer } from '../providers/offers-store.ts'
import { findHolders } from '../requests/standby-store.ts'
import { findRations, type Ration } from '../requests/find-rations.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { type CapEnds, type Capped, capsOf, findCapEnds, isCapped } from '../requests/service-caps.ts'
import { servicesFor } from '../requests/services-for.ts'
import { listFailures, type TaskRow } from '../requests/task-store.ts'
import { givesUpAt, rankOf, reasonOfPause, whyUnserved } from '../requests/why-unbegun.ts'

/** Why an image waits that nobody may begin now. */
export interface Wait {
  reason: WaitReason
  /** When somebody may, UTC milliseconds; absent when nobody can know. */
  until?: number
  /** Of `capped` and `new_here`: as of `LimitEnd`, so that somebody may sooner. */
  beingMade?: number
  /** When the image fails if nobody could begin it until then, UTC milliseconds; absent when it goes on waiting. */
  givesUpAt?: number
  /** Of `capped`: who asked has had what is let to each, of a machine that makes images of others still. */
  isOwnShare?: true
  /** Of `capped` and `new_here`: the other of both limits is reached there, too, and ends no later. */
  also?: LimitReason
}

/** Who may make an image. */
export interface Takers {
  /** Online and not held back; they may be busy. */
  open: Offer[]
  /** There when nobody is open. */
  wait?: Wait
  /** Those that could make it, are online, and are left alone for the reason of the wait. */
  held?: Offer[]
  /** All that could make it and are online, where none may. */
  could?: readonly Offer[]
}

/**
 * Which services may take each of these waiting tasks now, or why none may, by the task's id. All of them are for
 * `model`.
 */
export async function findTakers(
  { database, providers, limits }: Pick<RequestParts, 'database' | 'providers' | 'limits'>,
  { model, tasks }: { model: string; tasks: readonly TaskRow[] }
): Promise<Map<string, Takers>> {
  const { db, clock, openedAt } = database
  const now = clock.now()
  const offers = await providers.listOffers({ seenSince: now, model })
  const able = await servicesFor(db, { tasks, offers })
  const failures = await listFailures(db, tasks)
  const capped = await capsOf(db, offers, { now, offering: providers.offering })
  // What a service holds ready has its place within all limits there, and counts among what reaches them.
  const holders = await findHolders(db, tasks)
  const found = new Map<string, Takers>()
  const [held, unserved]: [(Held & { task: TaskRow })[], TaskRow[]] = [[], []]
  const end = (task: TaskRow, could: readonly Offer[]) => {
    const at = givesUpAt(task, could, { now, limits, openedAt })
    return at !== undefined && { givesUpAt: at }
  }
  for (const task of tasks) {
    const { spentOn = [], failedOn = [] } = failures.get(task.id) ?? {}
    const left = new Set((able.get(task.id) ?? []).filter((id) => !spentOn.includes(id)))
    const could = offers.filter(({ serviceId }) => left.has(serviceId))
    const unheld = could.filter(
      (offer) =>
        (holders.get(task.id) === offer.serviceId && !isPaused(offer, now)) ||
        !isHeld(offer, { capped, userId: task.user_id, now })
    )
    const isEarly = ({ serviceId }: Offer) => task.not_before > now && failedOn.includes(serviceId)
    const open = unheld.filter((offer) => !isEarly(offer))
    found.set(task.id, { open })
    if (could.length === 0) unserved.push(task)
    else if (unheld.length === 0) held.push({ task, userId: task.user_id, could })
    else if (open.length === 0) found.set(task.id, { open, wait: { reason: 'retry', until: task.not_before } })
  }
  if (held.length > 0) {
    const rules = await findLimits(db, offers, { capped, now, offering: providers.offering })
    for (const one of held) {
      const wait = await waitOfHeld(one, rules)
      const leftAlone = one.could.filter(
        ({ pause }) => pause && isPaused({ pause }, now) && waitOfPause(pause).reason === wait.reason
      )
      const { task, could } = one
      found.set(task.id, { open: [], wait: { ...wait, ...end(task, could) }, held: leftAlone, could })
    }
  }
  if (unserved.length > 0) {
    const reasons = await whyUnserved({ database, providers }, { model, tasks: unserved, now })
    for (const task of unserved) {
      found.set(task.id, { open: [], wait: { reason: reasons.get(task.id)?.reason ?? 'away', ...end(task, []) } })
    }
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
): boolean => isPaused(offer, now) || isHeldByCap(capped.get(offer.serviceId), { userId, ownerId: offer.ownerId })

/** Where it is only busy, the next may begin when one is done, but not of somebody who has had theirs. */
const isHeldByCap = (capped: Capped | undefined, who: { userId: string; ownerId: string }): boolean =>
  isCapped(capped?.isBusy ? { ...capped, others: false } : capped, who)

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
 * after those with one, and what is of a lower rank (`rankOf`) after everything else.
 */
async function waitOfHeld({ userId, could }: Held, { capped, ends, rations, now }: Limits): Promise<Wait> {
  const waits: Wait[] = []
  for (const offer of could) {
    if (offer.pause && isPaused(offer, now)) waits.push(waitOfPause(offer.pause))
    else {
      const byOwner = await ends.of(offer, userId)
      const spent = rations.get(offer.providerId)?.spent
      const { others, isBusy } = capped.get(offer.serviceId) ?? {}
      const isOwnShare = others === false || isBusy === true
      // Of two limits the one that ends later is what is waited for.
      const isNewHere = spent && (!byOwner || (spent.until ?? Infinity) > (byOwner.until ?? Infinity))
      const { beingMade, ...end } = (isNewHere ? spent : byOwner) ?? {}
      // What fails makes room only where no other limit is reached by what was made.
      const isOpenable = [byOwner, spent].every((limit) => !limit || limit.beingMade !== undefined)
      waits.push({
        reason: isNewHere ? 'new_here' : 'capped',
        ...end,
        ...(beingMade !== undefined && isOpenable && { beingMade }),
        ...(!isNewHere && isOwnShare && { isOwnShare }),
        ...(byOwner && spent && { also: isNewHere ? 'capped' : 'new_here' })
      })
    }
  }
  const [first] = waits.toSorted(
    (a, b) => rankOf(a.reason) - rankOf(b.reason) || (a.until ?? Infinity) - (b.until ?? Infinity)
  )
  return first ?? { reason: 'away' }
}

const waitOfPause = (pause: Pause): Wait => ({
  reason: reasonOfPause(pause),
  ...(!isOpenEnded(pause) && { until: pause.until })
})
