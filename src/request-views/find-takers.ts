import type { Offer } from '../providers/offers-store.ts'
import { isPaused } from '../providers/pause-store.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { HELD } from '../requests/request-states.ts'
import { capsOf } from '../requests/service-caps.ts'
import { servicesFor } from '../requests/services-for.ts'
import { findHolders } from '../requests/standby-store.ts'
import { listFailures, type TaskRow } from '../requests/task-store.ts'
import { givesUpAt, whyUnserved } from '../requests/why-unbegun.ts'
import { findHoldingBack, type Held, heldBackFrom, isHeld, type Wait, waitOfHeld, waitOfPause } from './wait-of-held.ts'

/** Who may make an image. */
export interface Takers {
  /** Online and not held back; they may be busy. */
  open: Offer[]
  /** People who may have nothing of `open` now, having had what is let to them, in a fixed order; absent: nobody. */
  heldBack?: readonly string[]
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
    const early = task.not_before > now ? failedOn : []
    const open = unheld.filter(({ serviceId }) => !early.includes(serviceId))
    const heldBack = heldBackFrom(open, capped)
    found.set(task.id, { open, ...(heldBack.length > 0 && { heldBack }) })
    // What lies in the queue of an image server will be made there, whatever keeps more from it.
    if (task.held === HELD.ahead) continue
    const retry = { at: task.not_before, services: early }
    if (could.length === 0) unserved.push(task)
    else if (open.length === 0) held.push({ task, userId: task.user_id, could, holder: holders.get(task.id), retry })
  }
  if (held.length > 0) {
    const back = await findHoldingBack(db, offers, { now, offering: providers.offering })
    for (const one of held) {
      const wait = await waitOfHeld(one, back)
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
  const back = await findHoldingBack(db, offers, { now, offering: providers.offering })
  for (const [model, could] of resting) rests.set(model, await waitOfHeld({ userId, could }, back))
  return rests
}
