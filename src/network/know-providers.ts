import type { OfferingConfig } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import { findBlocks } from '../providers/block-store.ts'
import { type Bar, findBar } from '../providers/offers.ts'
import { listOffers } from '../providers/offers-store.ts'
import { COOLING_MOST_MS } from '../providers/provider-store.ts'
import type { ProviderView, ServiceView } from '../providers/provider-view-store.ts'
import { countSpareModels } from '../providers/service-finds-store.ts'
import { reachOf } from '../providers/trust-policy.ts'
import { findRations } from '../requests/find-rations.ts'
import { countHadOf, findUsedUp, type ServiceCaps } from '../requests/service-caps.ts'
import { countRunningByService, findLastFaults } from './fault-store.ts'
import { createNetworkFigures } from './network-figures.ts'
import {
  awaitedOf,
  isCooling,
  isOnline,
  type Knowledge,
  lacksOf,
  makesOf,
  mayManage,
  newAmong,
  type Reader
} from './provider-report.ts'

/** Providers that somebody may know of. */
export interface MachineCount {
  online: number
  /** Those of them that can make images for the reader now. */
  able: number
}

/** Finds out what there is to tell somebody of providers that they may know of. */
export interface Knower {
  /** What is known of all these providers, asked for all of them at once. */
  learn(reader: Reader, providers: readonly ProviderView[]): Promise<Knowledge>
  /** How many of these there are at the moment. */
  countMachines(reader: Reader, providers: readonly ProviderView[]): Promise<MachineCount>
}

export function createKnower({ db, clock }: Pick<Database, 'db' | 'clock'>, offering: OfferingConfig): Knower {
  const countFigures = createNetworkFigures({ db, clock })
  const reachNow = ({ trust, owner_role }: ProviderView) =>
    reachOf({ trust, ownerRole: owner_role }, offering.providers)
  const listOnline = (now: number) => listOffers(db, { seenSince: now }, offering.providers)

  /** By service, why it is not for the reader; by the rule of the offers, so that nobody is shown here what they are refused there. */
  const findBars = async (reader: Reader, providers: readonly ProviderView[]): Promise<Map<string, Bar>> => {
    const blockedBy = (await findBlocks(db, [reader.userId])).of(reader.userId)
    const bars = new Map<string, Bar>()
    for (const provider of providers) {
      const same = { providerId: provider.id, ownerId: provider.owner_id, reach: reachNow(provider) }
      for (const { id, access } of provider.services) {
        const bar = findBar({ ...same, access }, reader, blockedBy)
        if (bar) bars.set(id, bar)
      }
    }
    return bars
  }

  /** Whether what is left of its caps is what decides: nobody waits for the end of an hour where nothing is let to them after it. */
  const isCapWord = (provider: ProviderView, service: ServiceView, to: { reader: Reader; bars: Map<string, Bar> }) => {
    if (provider.drained_at !== null || service.paused_at !== null || to.bars.has(service.id)) return false
    const isForOthers = service.access !== 'private' && reachNow(provider) !== 'owner'
    return provider.owner_id !== to.reader.userId || isForOthers
  }

  return {
    learn: async (reader, providers) => {
      const now = clock.now()
      const isManaged = (provider: ProviderView) => mayManage(provider, reader)
      const cooling = providers.filter(
        (provider) => isManaged(provider) && provider.services.some((service) => isCooling(service, now))
      )
      const online = providers.filter((provider) => isOnline(provider, now))
      const offers = await listOnline(now)
      const bars = await findBars(reader, providers)
      const told = capsOf(online, (provider, service) => isCapWord(provider, service, { reader, bars }))
      const managed = capsOf(providers.filter(isManaged), () => true)
      return {
        now,
        makes: makesOf(offers, now),
        lacks: lacksOf(offers, now),
        awaits: awaitedOf(offers, now),
        bars,
        usedUp: await findUsedUp(db, told, { userId: reader.userId, now }),
        rations: await findRations(db, newAmong(online, offering.providers), { now, offering }),
        offering,
        figures: await countFigures(),
        running: await countRunningByService(db),
        spare: await countSpareModels(
          db,
          providers.flatMap(({ services }) => services.map(({ id }) => id))
        ),
        usedThisHour: await countHadOf(db, managed, now),
        lastFaults: await findLastFaults(db, {
          providerIds: cooling.map(({ id }) => id),
          // What cools down still has been at fault within the longest time of cooling.
          since: now - 2 * COOLING_MOST_MS
        })
      }
    },

    countMachines: async (reader, providers) => {
      const now = clock.now()
      const online = providers.filter((provider) => isOnline(provider, now))
      const makes = makesOf(await listOnline(now), now)
      const bars = await findBars(reader, online)
      const able = online.filter(({ services }) => services.some(({ id }) => makes.has(id) && !bars.has(id)))
      return { online: online.length, able: able.length }
    }
  }
}

/** The services of which others may not have as many images as they like. */
const capsOf = (
  providers: readonly ProviderView[],
  isWanted: (provider: ProviderView, service: ServiceView) => boolean
): ServiceCaps[] =>
  providers.flatMap((provider) =>
    provider.services
      .filter(({ images_per_hour, images_per_user_hour }) => images_per_hour !== null || images_per_user_hour !== null)
      .filter((service) => isWanted(provider, service))
      .map(({ id: serviceId, images_per_hour, images_per_user_hour }) => ({
        serviceId,
        providerId: provider.id,
        ownerId: provider.owner_id,
        ...(images_per_hour !== null && { imagesPerHour: images_per_hour }),
        ...(images_per_user_hour !== null && { imagesPerUserHour: images_per_user_hour })
      }))
  )
