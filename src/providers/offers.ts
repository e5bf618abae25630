import { DAY_MS } from '../lib/durations.ts'
import type { Routing } from '../db/tables.ts'
import type { Clock } from '../lib/clock.ts'
import { errors } from '../lib/errors.ts'
import type { Others } from '../lib/no-provider-words.ts'
import { DASHBOARD_KEY_ID, mayUseModel, type Principal } from '../lib/principal.ts'
import { canDo } from '../images/image-request.ts'
import { missingLoras, readNeeds } from '../images/lora-needs.ts'
import { isOpenEnded, isUnusable } from './pause-store.ts'
import { isAddress } from './service-terms.ts'
import type { Offer } from './offers-store.ts'
import type { ProviderStore } from './provider-store.ts'
import type { LorasByService } from './service-finds-store.ts'
import { lorasOf } from './list-models.ts'
import { whoHasLoras } from './who-has-loras.ts'

/** A provider that was online within this time is *known*: work that can wait is accepted for it. */
export const KNOWN_FOR_MS = 7 * DAY_MS

export interface Offers {
  /** What is online for this caller. */
  listOnline(principal: Principal): Promise<Offer[]>
  /** LoRAs that callers of these offers may name. */
  listLoras(offers: readonly Offer[]): Promise<LorasByService>
  /**
   * Throws `no_provider` when nothing that this caller may use serves the model with all of `needs`: nothing online that
   * takes work, or with `canWait` nothing seen in the last seven days, drained or not. What lacks no more than a LoRA is told
   * apart.
   */
  requireOffer(wanted: WantedOffer): Promise<void>
}

export interface WantedOffer {
  principal: Principal
  model: string
  /** Features, and LoRAs as `needOfLora` names them. */
  needs: readonly string[]
  routing: Routing
  canWait: boolean
}

type User = Pick<Principal, 'userId' | 'email' | 'emailVerified'>

/**
 * Its owner always; others only when its provider may serve them, too. Listed addresses count for those of whom it is known
 * that the address is theirs.
 */
export function mayUse({ access, ownerId, reach }: Pick<Offer, 'access' | 'ownerId' | 'reach'>, user: User): boolean {
  if (ownerId === user.userId) return true
  if (reach === 'owner') return false
  if (access === 'members') return true
  if (access === 'private') return false
  const isTheirs = (address: string) => user.emailVerified && address.toLowerCase() === user.email.toLowerCase()
  return access.some((listed) => (isAddress(listed) ? isTheirs(listed) : listed === user.userId))
}

type OfferedTo = Pick<Offer, 'access' | 'ownerId' | 'reach' | 'providerId'>

/** Whether an offer is one for this user, whom some providers do not serve. */
export const isFor = (offer: OfferedTo, user: User, blockedBy: ReadonlySet<string>): boolean =>
  mayUse(offer, user) && !blockedBy.has(offer.providerId)

/**
 * Why an offer is not for somebody: its owner keeps it to themselves (`private`), serves others and not them (`reader`), or its
 * provider may not serve others yet, or any more (`trust`).
 */
export type Bar = 'private' | 'reader' | 'trust'

/** Undefined where it is for this user, by `isFor`. What an admin cannot change is told first. */
export function findBar(offer: OfferedTo, user: User, blockedBy: ReadonlySet<string>): Bar | undefined {
  if (isFor(offer, user, blockedBy)) return undefined
  if (offer.access === 'private') return 'private'
  return isFor({ ...offer, reach: 'all' }, user, blockedBy) ? 'trust' : 'reader'
}

/** Its image server has said that it lacks the model: it counts as one that is away. */
const isLacking = ({ pause }: Offer): boolean =>
  pause !== undefined && pause.reason === 'model_missing' && isOpenEnded(pause)

/** Services of these offers of which somebody has had what they may have within an hour, by id. */
export type FindCapped = (offers: readonly Offer[], userId: string) => Promise<ReadonlySet<string>>

const modelsOf = (offers: readonly Offer[]): string[] => [...new Set(offers.map(({ model }) => model))]
const providersOf = (offers: readonly Offer[]): string[] => [...new Set(offers.map(({ providerName }) => providerName))]

const NO_LISTS: LorasByService = new Map()
const NOBODY: ReadonlySet<string> = new Set()

export function createOffers({
  store,
  clock,
  findCapped
}: {
  store: ProviderStore
  clock: Clock
  findCapped: FindCapped
}): Offers {
  const listLoras = (offers: readonly Offer[]) =>
    store.listUsableLoras([...new Set(offers.map(({ serviceId }) => serviceId))])
  const blocksOf = async ({ userId }: User) => (await store.findBlocks([userId])).of(userId)
  /** Names that offers have, of those: what somebody can make for the caller now, and the others by what they wait for. */
  const readiness = async (
    offers: readonly Offer[],
    { userId }: User,
    namesOf: (some: readonly Offer[]) => readonly string[]
  ): Promise<Others> => {
    const usable = offers.filter((offer) => !isUnusable(offer, clock.now()))
    const capped = await findCapped(usable, userId)
    const available = namesOf(usable.filter(({ serviceId }) => !capped.has(serviceId)))
    const working = namesOf(usable)
    return {
      available,
      waiting: namesOf(offers).filter((name) => !working.includes(name)),
      capped: working.filter((name) => !available.includes(name))
    }
  }
  return {
    listOnline: async (principal) => {
      const offers = await store.listOffers({ seenSince: clock.now() })
      const blockedBy = await blocksOf(principal)
      return offers.filter((offer) => isFor(offer, principal, blockedBy) && !isLacking(offer))
    },
    listLoras,
    requireOffer: async ({ principal, model, needs, routing, canWait }) => {
      const may = (offer: Offer) =>
        mayUse(offer, principal) && (routing !== 'only_own' || offer.ownerId === principal.userId)
      const { features, loras } = readNeeds(needs)
      const able = (offer: Offer) => canDo(offer.features, features) && (canWait || !isLacking(offer))
      // Accepted it is by what was there a moment ago; who refuses it looks again.
      const recent = (await store.listRecentOffers([model])).filter((offer) => may(offer) && able(offer))
      const notServing = recent.some(({ hasBlocks }) => hasBlocks) ? await blocksOf(principal) : NOBODY
      const open = recent.filter(({ providerId }) => !notServing.has(providerId))
      const listed = loras.length === 0 ? NO_LISTS : await listLoras(open)
      if (whoHasLoras(open, { loras, lists: listed }).length > 0) return
      const blockedBy = await blocksOf(principal)
      const serves = (offer: Offer) => !blockedBy.has(offer.providerId)
      const everKnown = { seenSince: clock.now() - KNOWN_FOR_MS, drained: true }
      const known = canWait ? everKnown : { seenSince: clock.now() }
      const offers = (await store.listOffers({ ...known, model })).filter(may)
      const serving = offers.filter((offer) => able(offer) && serves(offer))
      const lists = loras.length === 0 ? NO_LISTS : await listLoras(serving)
      if (whoHasLoras(serving, { loras, lists }).length > 0) return
      if (serving.length > 0) {
        const listed = lorasOf(serving, lists)
        const others = await readiness(serving, principal, (some) => lorasOf(some, lists))
        const later = (await store.listOffers({ ...everKnown, model })).filter((offer) => may(offer) && serves(offer))
        const couldLater = later.filter((offer) => canDo(offer.features, features))
        const isAway = whoHasLoras(couldLater, { loras, lists: await listLoras(couldLater) }).length > 0
        throw errors.noLoras(model, { loras, missing: missingLoras(loras, listed), ...others, isAway })
      }
      const online = (await store.listOffers({ seenSince: clock.now() })).filter((offer) => may(offer) && serves(offer))
      const isAnother = (offer: Offer) =>
        offer.model !== model && mayUseModel(principal, offer.model) && !isLacking(offer)
      const alike = online.filter((offer) => isAnother(offer) && canDo(offer.features, features))
      const others = await readiness(alike, principal, modelsOf)
      const refusing = new Set(offers.filter(able).map((offer) => offer.ownerId))
      if (refusing.size > 0) throw errors.notServed(model, { owners: refusing.size, ...others })
      const paused = (await store.listOffers({ ...known, drained: true, model })).filter(
        (offer) => may(offer) && serves(offer) && able(offer)
      )
      const own = paused.find(({ ownerId }) => ownerId === principal.userId)
      if (paused.length > 0) throw errors.offersPaused(model, own?.providerName)
      const lacking = canWait
        ? []
        : offers.filter((offer) => serves(offer) && canDo(offer.features, features) && isLacking(offer))
      const isThere = ({ providerId }: Offer) => lacking.some((offer) => offer.providerId === providerId)
      // Naming the missing capability only helps when the model itself is there.
      const away = canWait
        ? []
        : (await store.listOffers({ ...everKnown, model })).filter(
            (offer) => may(offer) && serves(offer) && canDo(offer.features, features) && !isThere(offer)
          )
      const isOwn = ({ ownerId }: Offer) => ownerId === principal.userId
      const machinesOf = (those: readonly Offer[]) => [
        ...new Map(
          those.map((one) => [one.providerId, { name: one.providerName, isOwn: isOwn(one) }] as const)
        ).values()
      ]
      const couldServe = (offer: Offer) =>
        offer.isPending === true &&
        !isOwn(offer) &&
        serves(offer) &&
        canDo(offer.features, features) &&
        mayUse({ ...offer, reach: 'all' }, principal)
      const listPending = async (seen: typeof known) =>
        routing === 'only_own' ? [] : (await store.listOffers({ ...seen, model })).filter(couldServe)
      const ready = (await listPending({ seenSince: clock.now() })).filter((offer) => !isUnusable(offer, clock.now()))
      const pending = providersOf(ready)
      throw errors.noProvider({
        model,
        pending,
        pendingUnready: providersOf(await listPending(known)).filter((name) => !pending.includes(name)),
        needed: (lacking.length === 0 && offers.some(serves)) || features[0] !== 'generate' ? features : [],
        ...others,
        away: machinesOf(away),
        lacking: machinesOf(lacking),
        isOnlyOwn: routing === 'only_own',
        isAdmin: principal.role === 'admin',
        hasKey: principal.keyId !== DASHBOARD_KEY_ID
      })
    }
  }
}
