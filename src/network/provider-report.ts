import type { Principal } from '../lib/principal.ts'
import type { OfferingConfig } from '../config/config.ts'
import type { Ration } from '../requests/find-rations.ts'
import type { LimitEnd } from '../requests/service-caps.ts'
import { reachOf, type Standing, standingOf } from '../providers/trust-policy.ts'
import type { Bar } from '../providers/offers.ts'
import type { Offer } from '../providers/offers-store.ts'
import { isFirstLook, isUnusable } from '../providers/pause-store.ts'
import type { ServiceFinds } from '../providers/service-finds-store.ts'
import type { WantedModel } from '../providers/service-offers-store.ts'
import type { WantedWarm } from '../providers/service-warms-store.ts'
import { isAddress } from '../providers/service-terms.ts'
import type { ProviderView, ServiceView } from '../providers/provider-view-store.ts'
import type { Fault } from './fault-store.ts'
import type { NetworkFigures, ServiceFigures } from './network-figures.ts'

/** Somebody who may be let change a provider. */
export type Manager = Pick<Principal, 'userId' | 'role'>
/** Somebody who is told of providers, and whether they serve them. */
export type Reader = Manager & Pick<Principal, 'email' | 'emailVerified'>

/** A provider as somebody may know it. */
export interface ProviderReport {
  provider: ProviderView
  isOnline: boolean
  isMine: boolean
  /** Whether it may serve others than its owner. */
  standing: Standing
  /** What the club gives it as a new one. */
  given?: OfferingConfig
  /** Being new it has made, or is making, what the club lets it make for others within an hour; until when. */
  spent?: LimitEnd
  images: number
  imagesToday: number
  /** Since when it cannot come back with the key that it had; for those who may know, of one that is away. */
  keyEndedAt?: number
  services: ServiceReport[]
}

export interface ServiceReport extends ServiceFigures {
  service: ServiceView
  /** Images it makes now. */
  running: number
  isCooling: boolean
  /** Images that were made for others within an hour; of services with a limit, for those who may know. */
  usedThisHour?: number
  /** Whose addresses are listed, for those who may know. */
  listed?: readonly string[]
  /** Why it cools down, for those who may know. */
  lastFault?: Fault
  /** Models that its image server has beside its own, for those who may know. */
  spare?: number
  /** All of it, for those who may know and asked for it. */
  finds?: ServiceFinds & { at: number }
  /** Found models that its owner wants to be offered, for those who may know and asked for it. */
  wanted?: readonly WantedModel[]
  /** Models that were to be loaded, for the same. */
  warms?: readonly WantedWarm[]
  /** Those of its models that can be made now. */
  makes: ReadonlySet<string>
  /** Those of its models that its image server does not have. */
  lacks: ReadonlySet<string>
  /** Those of its models of which its agent has not told yet whether they can be made. */
  awaits: ReadonlySet<string>
  /** Why it makes no images for the reader, whatever it can; absent: it does. */
  bar?: Bar
  /**
   * The reader, or everybody but its owner, who reads, may have no more within an hour, what is being made included; until when. Not
   * where they have nothing of it anyway.
   */
  usedUp?: LimitEnd
  /** Its image server cannot be used; the text, for those who may know. */
  warning?: { since: number; text?: string }
}

/** Its owner and admins change a provider, and see what concerns others. */
export const mayManage = ({ owner_id }: Pick<ProviderView, 'owner_id'>, reader: Manager): boolean =>
  reader.role === 'admin' || owner_id === reader.userId

/** What its owner keeps to themselves entirely is not shown. */
export const maySee = (provider: ProviderView, reader: Manager): boolean =>
  mayManage(provider, reader) || provider.services.some(({ access }) => access !== 'private')

export const isOnline = ({ online_until }: Pick<ProviderView, 'online_until'>, now: number): boolean =>
  online_until > now

/** Those that may make but few images for others until they have proven themselves. */
export const newAmong = (providers: readonly ProviderView[], mode: OfferingConfig['providers']) =>
  providers
    .filter(({ trust, owner_role }) => reachOf({ trust, ownerRole: owner_role }, mode) === 'few')
    .map(({ id, owner_id }) => ({ providerId: id, ownerId: owner_id }))

/** By service: the models that can be made there now. */
export type Makes = ReadonlyMap<string, ReadonlySet<string>>

type OfferNow = Pick<Offer, 'serviceId' | 'model' | 'pause'>

const byService = (offers: readonly OfferNow[]): Makes =>
  new Map(
    [...Map.groupBy(offers, ({ serviceId }) => serviceId)].map(([id, some]) => [
      id,
      new Set(some.map(({ model }) => model))
    ])
  )

/** What can be made now of these offers. */
export const makesOf = (offers: readonly OfferNow[], now: number): Makes =>
  byService(offers.filter((offer) => !isUnusable(offer, now)))

/** What the image servers of these offers do not have. */
export const lacksOf = (offers: readonly OfferNow[], now: number): Makes =>
  byService(offers.filter((offer) => isUnusable(offer, now) && offer.pause?.reason === 'model_missing'))

/** Of which of these offers it has not been told yet whether they can be made. */
export const awaitedOf = (offers: readonly OfferNow[], now: number): Makes =>
  byService(offers.filter((offer) => isFirstLook(offer, now)))

export const isCooling = (service: Pick<ServiceView, 'cooling_until'>, now: number): boolean =>
  service.cooling_until > now

const NOTHING: ReadonlySet<string> = new Set()
const NO_WORK: ServiceFigures = { succeeded: 0, failed: 0 }

/** What is known of everybody's providers at one moment. */
export interface Knowledge {
  now: number
  /** Who may offer, and what new ones are given. */
  offering: OfferingConfig
  figures: NetworkFigures
  /** Images being made, by service. */
  running: ReadonlyMap<string, number>
  /** By service: of those with a limit that the reader may manage. */
  usedThisHour: ReadonlyMap<string, number>
  makes: Makes
  /** By service: the models that its image server does not have. */
  lacks: Makes
  /** By service: the models of which it has not been told yet whether they can be made. */
  awaits: Makes
  /** By service: of those that are not for the reader. */
  bars: ReadonlyMap<string, Bar>
  /** By service: of those of which the reader has had all they may. */
  usedUp: ReadonlyMap<string, LimitEnd>
  /** Of new providers that are online, by id. */
  rations: ReadonlyMap<string, Ration>
  /** Models that serve nothing yet, by service. */
  spare: ReadonlyMap<string, number>
  /** By service; of those alone whose reasons the reader may know. */
  lastFaults: ReadonlyMap<string, Fault>
}

export function reportProvider(provider: ProviderView, reader: Reader, known: Knowledge): ProviderReport {
  const { now, figures } = known
  const { images, imagesToday } = figures.providers.get(provider.id) ?? { images: 0, imagesToday: 0 }
  const isHere = isOnline(provider, now)
  const isManaged = mayManage(provider, reader)
  const standing = standingOf({ trust: provider.trust, ownerRole: provider.owner_role }, known.offering.providers)
  const spent = known.rations.get(provider.id)?.spent
  const keyEndedAt = isManaged && !isHere ? endOfKey(provider, now) : undefined
  return {
    provider,
    ...(keyEndedAt !== undefined && { keyEndedAt }),
    isOnline: isHere,
    isMine: provider.owner_id === reader.userId,
    standing,
    ...(standing === 'limited' && { given: known.offering }),
    ...(spent && { spent }),
    images,
    imagesToday,
    services: provider.services.map((service) => {
      const lastFault = known.lastFaults.get(service.id)
      const usedThisHour = known.usedThisHour.get(service.id)
      const usedUp = known.usedUp.get(service.id)
      const spare = known.spare.get(service.id)
      const bar = known.bars.get(service.id)
      return {
        ...(figures.services.get(service.id) ?? NO_WORK),
        service,
        running: known.running.get(service.id) ?? 0,
        isCooling: isCooling(service, now),
        makes: known.makes.get(service.id) ?? NOTHING,
        lacks: known.lacks.get(service.id) ?? NOTHING,
        awaits: known.awaits.get(service.id) ?? NOTHING,
        ...(bar && { bar }),
        ...(usedUp && { usedUp }),
        ...(spare !== undefined && isManaged && { spare }),
        ...(lastFault && { lastFault }),
        ...(usedThisHour !== undefined && { usedThisHour }),
        ...(isManaged && typeof service.access !== 'string' && { listed: listedBy(service) }),
        ...(isHere && warningOf(service, isManaged))
      }
    })
  }
}

function endOfKey({ key_revoked_at: revokedAt, key_expires_at: expiresAt }: ProviderView, now: number) {
  if (revokedAt !== null) return revokedAt
  return expiresAt !== null && expiresAt <= now ? expiresAt : undefined
}

/** Addresses, and the names of those who are listed by id. */
const listedBy = ({ access, people }: ServiceView): string[] => [
  ...(typeof access === 'string' ? [] : access.filter(isAddress)),
  ...people.map(({ name }) => name)
]

const warningOf = ({ warning, warning_since }: ServiceView, isManaged: boolean): Pick<ServiceReport, 'warning'> =>
  warning === null ? {} : { warning: { since: warning_since ?? 0, ...(isManaged && { text: warning }) } }
