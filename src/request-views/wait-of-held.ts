import type { OfferingConfig } from '../config/config.ts'
import type { Db } from '../db/database.ts'
import { type AlsoReason, isAlsoReason, type WaitReason } from '../lib/wait-reasons.ts'
import type { Offer } from '../providers/offers-store.ts'
import { isOpenEnded, isPaused, type Pause } from '../providers/pause-store.ts'
import { findRations, type Ration } from '../requests/find-rations.ts'
import { type CapEnds, type Capped, findCapEnds, hasHadEnough, type LimitEnd } from '../requests/service-caps.ts'
import { rankOf, reasonOfPause } from '../requests/why-unbegun.ts'

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
  /** What keeps the same machine from it, too, and ends no later: of several that which ends last. */
  also?: AlsoReason
}

/** What offers may be held back by, and until when, at a moment. */
export interface HoldingBack {
  ends: CapEnds
  /** Of new providers, by id. */
  rations: ReadonlyMap<string, Ration>
  now: number
}

export const findHoldingBack = async (
  db: Db,
  offers: readonly Offer[],
  { now, offering }: { now: number; offering: OfferingConfig }
): Promise<HoldingBack> => {
  const fresh = offers.filter(({ reach }) => reach === 'few')
  return {
    ends: await findCapEnds(db, offers, now),
    rations: await findRations(db, fresh, { now, offering }),
    now
  }
}

/** An image that nobody may begin now, and who could make it. */
export interface Held {
  userId: string
  could: readonly Offer[]
  /** The service that holds it ready: it has its place within all limits there. */
  holder?: string | undefined
  /** Services on which it has failed, and that may not have it again until then, UTC milliseconds. */
  retry?: { at: number; services: readonly string[] }
}

/** Whether nothing of somebody's is begun there now, though it is online. */
export const isHeld = (
  offer: Offer,
  { capped, userId, now }: { capped: ReadonlyMap<string, Capped>; userId: string; now: number }
): boolean => isPaused(offer, now) || hasHadEnough(capped.get(offer.serviceId), { userId, ownerId: offer.ownerId })

/** Those who may have nothing of any of these offers now, of people of whom some may: whom no limit is for is not among them. */
export function heldBackFrom(offers: readonly Offer[], capped: ReadonlyMap<string, Capped>): string[] {
  const at = (offer: Offer) => capped.get(offer.serviceId)
  // Of what is full for all but its owner nobody else could have any, so that the others decide.
  const open = offers.filter((offer) => at(offer)?.others !== true || at(offer)?.isBusy === true)
  const [first = new Set<string>(), ...more] = open.map((offer) => at(offer)?.userIds ?? new Set<string>())
  const owners = new Set(offers.map(({ ownerId }) => ownerId))
  return [...first].filter((id) => !owners.has(id) && more.every((userIds) => userIds.has(id))).toSorted()
}

/**
 * The wait that ends first, of those for each service that could make the image. A wait whose end nobody knows comes
 * after those with one, and what is of a lower rank (`rankOf`) after everything else.
 */
export async function waitOfHeld(held: Held, back: HoldingBack): Promise<Wait> {
  const waits: Wait[] = []
  for (const offer of held.could) waits.push(await waitAt(offer, held, back))
  const [first] = waits.toSorted(
    (a, b) => worstRank(a) - worstRank(b) || Number(isHidden(a)) - Number(isHidden(b)) || endOf(a) - endOf(b)
  )
  return first ?? { reason: 'away' }
}

/** A limit does not make an image server that cannot be used a better one. */
const worstRank = ({ reason, also }: Wait): number => Math.max(rankOf(reason), also ? rankOf(also) : 0)

/** Whether a limit stands before an image server that cannot be used: it ends later than that of another may. */
const isHidden = ({ reason, also }: Wait): boolean => also !== undefined && rankOf(also) > rankOf(reason)

const endOf = ({ until }: Pick<Wait, 'until'>): number => until ?? Number.MAX_SAFE_INTEGER

/**
 * Of all that keeps an image from one service what ends last, and what does before that as its `also`: until then it cannot begin
 * there. What may end at any time or never comes before a limit of which it is not known when it ends.
 */
async function waitAt(offer: Offer, held: Held, back: HoldingBack): Promise<Wait> {
  const { holder, retry, userId } = held
  const isLimited = holder !== offer.serviceId && offer.ownerId !== userId
  const all: Wait[] = [
    ...(offer.pause && isPaused(offer, back.now) ? [waitOfPause(offer.pause)] : []),
    ...(isLimited ? await limitsAt(offer, userId, back) : []),
    ...(retry?.services.includes(offer.serviceId) ? [{ reason: 'retry' as const, until: retry.at }] : [])
  ]
  // Nothing is left where a limit has ended since it was found to be reached.
  const [last = { reason: 'capped' }, ...others] = all.toSorted((a, b) => endOf(b) - endOf(a))
  const also = others.map(({ reason }) => reason).find(isAlsoReason)
  return { ...last, ...(also && { also }) }
}

/** The owner's limit and the club's for new machines, as far as they are reached. */
async function limitsAt(offer: Offer, userId: string, { ends, rations }: HoldingBack): Promise<Wait[]> {
  const byOwner = await ends.of(offer, userId)
  const spent = rations.get(offer.providerId)?.spent
  // Of a new machine that has made what the club lets it make others have none either.
  const isOwnShare = byOwner?.isOwnShare === true && !spent
  // What fails makes room only where no other limit is reached by what was made.
  const isOpenable = [byOwner, spent].every((limit) => !limit || limit.beingMade !== undefined)
  const endOfLimit = ({ until, beingMade }: LimitEnd) => ({
    ...(until !== undefined && { until }),
    ...(beingMade !== undefined && isOpenable && { beingMade })
  })
  return [
    ...(byOwner ? [{ reason: 'capped' as const, ...endOfLimit(byOwner), ...(isOwnShare && { isOwnShare }) }] : []),
    ...(spent ? [{ reason: 'new_here' as const, ...endOfLimit(spent) }] : [])
  ]
}

export const waitOfPause = (pause: Pause): Wait => ({
  reason: reasonOfPause(pause),
  ...(!isOpenEnded(pause) && { until: pause.until })
})
