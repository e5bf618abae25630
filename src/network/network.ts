import { DAY_MS, HOUR_MS } from '../lib/durations.ts'
import type { Database } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import type { Limits, OfferingConfig } from '../config/config.ts'
import type { Trust } from '../db/provider-tables.ts'
import { countPending, decideTrust } from '../providers/trust-store.ts'
import { deleteBlock, insertBlock, listBlocks } from '../providers/block-store.ts'
import { drainProvider, forgetProvider, resumeProvider } from '../providers/provider-state-store.ts'
import { MAX_OFFERS } from '../protocol/service-offers.ts'
import { MAX_WARMS } from '../protocol/service-warms.ts'
import { listFinds } from '../providers/service-finds-store.ts'
import { changeOffer, listWanted, type WantedModel } from '../providers/service-offers-store.ts'
import { askWarm, listWarms, type WantedWarm } from '../providers/service-warms-store.ts'
import { findMemberNames, listNamesOf, saveOwnerTerms } from '../providers/service-terms-store.ts'
import type { OwnerTerms } from '../providers/service-terms.ts'
import { listProviderViews, type ProviderView } from '../providers/provider-view-store.ts'
import { type FaultGroup, listFaultGroups } from './fault-store.ts'
import { countUnfinished } from '../usage/unfinished-store.ts'
import {
  type HourOfWork,
  listUsersOfProvider,
  type ProviderUser,
  readProviderWork
} from '../usage/provider-usage-store.ts'
import { createKnower, type MachineCount } from './know-providers.ts'
import {
  type Manager,
  mayManage,
  maySee,
  type ProviderReport,
  type Reader,
  reportProvider,
  type ServiceReport
} from './provider-report.ts'

export interface NetworkReport {
  /** Online first, each group by name. */
  providers: ProviderReport[]
  /** Images of everybody. */
  running: number
  waiting: number
  imagesToday: number
}

export interface ProviderDetailReport extends ProviderReport {
  pace: HourOfWork[]
  /** Who had images of it; empty for those who may not manage it, as all that follows. */
  usedBy: ProviderUser[]
  blocked: { id: string; name: string; at: number }[]
  faults: FaultGroup[]
}

/** Everybody's providers, as people look at them and as their owners manage them. */
export interface Network {
  /** All providers that the reader may know of. */
  list(reader: Reader): Promise<NetworkReport>
  /** How many of them there are at the moment. */
  countMachines(reader: Reader): Promise<MachineCount>
  /** One provider. Throws `not_found`, also for one that the reader may not know of. */
  view(reader: Reader, id: string): Promise<ProviderDetailReport>
  /**
   * Has a provider finish what it runs and get nothing new until it is resumed: reconnecting changes nothing. This and all
   * that follow throw `not_found`, and `permission_denied` for those who are neither its owner nor admin.
   */
  drain(reader: Manager, id: string): Promise<void>
  /** Has a drained provider take work again. */
  resume(reader: Manager, id: string): Promise<void>
  /** Has a provider be given nothing of that person any more; what runs is finished. Throws `invalid_request` for its owner. */
  block(reader: Manager, block: { providerId: string; userId: string }): Promise<void>
  /** Has a provider serve that person again. */
  unblock(reader: Manager, block: { providerId: string; userId: string }): Promise<void>
  /**
   * The word of its owner, and of nobody else, on a model that lies on the machine of a service: that it is offered, or no
   * longer. Its agent decides. Throws `conflict` where the agent's file does not allow it, and for too many.
   */
  setOffer(reader: Manager, change: OfferedModel & { isOffered: boolean }): Promise<void>
  /**
   * The wish of its owner, and of nobody else, that the image server of a service loads one of its models, by its id. Its agent
   * decides; one that is away is asked if it comes back soon. Throws `conflict` for too many at a time.
   */
  warm(reader: Manager, wish: { providerId: string; serviceId: string; model: string }): Promise<void>
  /**
   * The word of its owner, and of nobody else, on whom a service serves and with how much, in place of that of its agent; all
   * of it at once. Admins may drain the machine. Throws `invalid_request` for people there are none of.
   */
  setTerms(
    reader: Manager,
    change: { providerId: string; serviceId: string; terms: OwnerTerms; isPaused: boolean }
  ): Promise<void>
  /** Those but its owner whose names have each of the words (of `searchWords`), to choose from: the first `limit` by name. */
  findPeople(
    reader: Manager,
    search: { providerId: string; words: readonly string[]; limit: number }
  ): Promise<{ id: string; name: string }[]>
  /** Shows a provider no more until its agent connects again. Throws `conflict` when it is online. */
  forget(reader: Manager, id: string): Promise<void>
  /**
   * An admin's word about whether a provider serves others; it serves its owner whatever they say. `approve` lets a new one in, and
   * has one that was let in trusted at once; `shutOut` ends it, `letBack` lets it in again like a new one. Throws
   * `not_found`, `permission_denied` for who is no admin, and `conflict` when it does not stand so.
   */
  decide(reader: Manager, id: string, word: TrustDecision): Promise<void>
  /** How many new providers wait for an admin, when somebody can let them in. */
  countPending(): Promise<number>
}

export interface OfferedModel {
  providerId: string
  serviceId: string
  /** As its image server names it. */
  model: string
}

export const TRUST_DECISIONS = ['approve', 'shutOut', 'letBack'] as const
export type TrustDecision = (typeof TRUST_DECISIONS)[number]

const NEXT: Record<TrustDecision, Partial<Record<Trust, Trust>>> = {
  approve: { pending: 'limited', limited: 'trusted' },
  shutOut: { pending: 'blocked', limited: 'blocked', trusted: 'blocked' },
  letBack: { blocked: 'limited' }
}

const NOT_ALLOWED =
  "The agent's file does not let models be offered here: say 'found_models: offer' for the service there."
const PACE_MS = 7 * DAY_MS
const USED_MS = 30 * DAY_MS
const FAULTS_MS = 7 * DAY_MS
const MOST_FAULT_GROUPS = 20

export function createNetwork(
  { db, clock, bell }: Pick<Database, 'db' | 'clock' | 'bell'>,
  offering: OfferingConfig,
  { modelsPerProvider }: Pick<Limits, 'modelsPerProvider'>
): Network {
  const knower = createKnower({ db, clock }, offering)

  /** What lies on these machines, offered or not, for those who may know. */
  const findsOf = async (providers: readonly ProviderView[]): Promise<FindsByService> => {
    const ids = idsOfServices(providers)
    const [finds, wanted] = [await listFinds(db, ids), await listWanted(db, ids)]
    const warms = await listWarms(db, { serviceIds: ids, now: clock.now() })
    const of = (id: string) => ({ finds: finds.get(id), wanted: wanted.get(id) ?? [], warms: warms.get(id) ?? [] })
    return new Map(ids.map((id) => [id, of(id)]))
  }

  const find = async (reader: Manager, id: string): Promise<ProviderView> => {
    const [provider] = await listProviderViews(db, id)
    if (!provider || !maySee(provider, reader)) throw errors.notFound(`The provider '${id}'`)
    return provider
  }

  const findOwn = async (reader: Manager, id: string): Promise<ProviderView> => {
    const provider = await find(reader, id)
    if (provider.owner_id !== reader.userId) throw errors.notYourMachine()
    return provider
  }

  const findManaged = async (reader: Manager, id: string): Promise<ProviderView> => {
    const provider = await find(reader, id)
    if (!mayManage(provider, reader)) throw errors.notYourProvider()
    return provider
  }

  return {
    list: async (reader) => {
      const providers = (await listProviderViews(db)).filter((provider) => maySee(provider, reader))
      const known = await knower.learn(reader, providers)
      const { queued: waiting, running } = await countUnfinished(db)
      const own = await findsOf(providers.filter(({ owner_id }) => owner_id === reader.userId))
      const reports = providers.map((provider) => withFinds(reportProvider(provider, reader, known), own))
      return {
        providers: [...reports.filter((one) => one.isOnline), ...reports.filter((one) => !one.isOnline)],
        running,
        waiting,
        imagesToday: known.figures.imagesToday
      }
    },

    countMachines: async (reader) => {
      const seen = (await listProviderViews(db)).filter((provider) => maySee(provider, reader))
      return knower.countMachines(reader, seen)
    },

    view: async (reader, id) => {
      const provider = await find(reader, id)
      const known = await knower.learn(reader, [provider])
      const isManaged = mayManage(provider, reader)
      return {
        ...withFinds(reportProvider(provider, reader, known), await findsOf(isManaged ? [provider] : [])),
        // Counted anew: the chart beside these sums must not show what they lack.
        ...(await readProviderWork(db, {
          providerId: id,
          dayAgo: known.now - DAY_MS,
          since: startOf(known.now - PACE_MS, HOUR_MS)
        })),
        usedBy: isManaged
          ? await listUsersOfProvider(db, { providerId: id, since: startOf(known.now - USED_MS, DAY_MS) })
          : [],
        blocked: isManaged ? await listBlocks(db, id) : [],
        faults: isManaged
          ? await listFaultGroups(db, { providerId: id, since: known.now - FAULTS_MS, limit: MOST_FAULT_GROUPS })
          : []
      }
    },

    drain: async (reader, id) => {
      await findManaged(reader, id)
      await drainProvider(db, id, clock.now())
      bell.ring('providers')
    },

    resume: async (reader, id) => {
      await findManaged(reader, id)
      await resumeProvider(db, id)
      bell.ring('tasks')
      bell.ring('providers')
    },

    block: async (reader, { providerId, userId }) => {
      const provider = await findManaged(reader, providerId)
      if (userId === provider.owner_id) throw errors.invalidRequest('A provider always serves its owner.')
      if (!(await insertBlock(db, { providerId, userId, now: clock.now() }))) {
        throw errors.notFound(`The person '${userId}'`)
      }
      bell.ring('providers')
    },

    unblock: async (reader, { providerId, userId }) => {
      await findManaged(reader, providerId)
      await deleteBlock(db, { providerId, userId })
      bell.ring('tasks')
    },

    setOffer: async (reader, { providerId, serviceId, model, isOffered }) => {
      const { services } = await findOwn(reader, providerId)
      const offered = services.reduce((sum, { models }) => sum + models.length, 0)
      if (isOffered && offered >= modelsPerProvider) {
        throw errors.conflict(`A machine offers ${modelsPerProvider} models at most here: take back others first.`)
      }
      const change = { providerId, serviceId, model, isOffered, now: clock.now() }
      const outcome = await changeOffer(db, change)
      if (outcome === 'no_service') throw errors.notFound(`The service '${serviceId}'`)
      if (outcome === 'not_found') throw errors.notFound(`A model of that name that could be offered`)
      if (outcome === 'not_allowed') throw errors.conflict(NOT_ALLOWED)
      if (outcome === 'too_many') {
        throw errors.conflict(`At most ${MAX_OFFERS} models of a service are offered this way: take back others first.`)
      }
      bell.ring('tasks')
      bell.ring('providers')
    },

    warm: async (reader, wish) => {
      await findOwn(reader, wish.providerId)
      const outcome = await askWarm(db, { ...wish, now: clock.now() })
      if (outcome === 'no_service') throw errors.notFound(`The service '${wish.serviceId}'`)
      if (outcome === 'no_model') throw errors.notFound('A model of that name that the service offers')
      if (outcome === 'too_many') {
        throw errors.conflict(`At most ${MAX_WARMS} models of a service wait to be loaded: these first.`)
      }
      bell.ring('providers')
    },

    setTerms: async (reader, { providerId, serviceId, terms, isPaused }) => {
      await findOwn(reader, providerId)
      const { access } = terms
      if (access && typeof access !== 'string') {
        const known = await listNamesOf(db, access)
        const unknown = access.find((id) => !known.has(id))
        if (unknown !== undefined) throw errors.invalidRequest(`There is nobody with the id '${unknown}'.`, 'people')
      }
      const saved = await saveOwnerTerms(db, { providerId, serviceId, terms, isPaused, now: clock.now() })
      if (!saved) throw errors.notFound(`The service '${serviceId}'`)
      bell.ring('tasks')
      bell.ring('providers')
    },

    findPeople: async (reader, { providerId, words, limit }) => {
      const { owner_id } = await findManaged(reader, providerId)
      return findMemberNames(db, { words, but: owner_id, limit })
    },

    decide: async (reader, id, word) => {
      const provider = await find(reader, id)
      if (reader.role !== 'admin') throw errors.roleDenied()
      const isClosed = offering.providers === 'admins' && provider.owner_role !== 'admin'
      if (isClosed && word === 'approve') throw errors.conflict('Only the machines of admins may serve others here.')
      const to = NEXT[word][provider.trust]
      const decision = { providerId: id, from: [provider.trust], by: reader.userId, now: clock.now() }
      if (to === undefined || !(await decideTrust(db, { ...decision, to }))) {
        throw errors.conflict(`The provider '${provider.name}' is ${provider.trust}: that cannot be done now.`)
      }
      bell.ring('tasks')
      bell.ring('providers')
    },

    countPending: () => (offering.providers === 'admins' ? Promise.resolve(0) : countPending(db)),

    forget: async (reader, id) => {
      await findManaged(reader, id)
      if (!(await forgetProvider(db, id, clock.now()))) {
        throw errors.conflict(`The provider '${id}' is online. Stop its agent first.`)
      }
      bell.ring('providers')
    }
  }
}

type FindsByService = ReadonlyMap<
  string,
  { finds: ServiceReport['finds']; wanted: readonly WantedModel[]; warms: readonly WantedWarm[] }
>

const withFinds = (report: ProviderReport, known: FindsByService): ProviderReport => ({
  ...report,
  services: report.services.map((service) => {
    const { finds, ...wishes } = known.get(service.service.id) ?? {}
    return { ...service, ...(finds && { finds }), ...wishes }
  })
})

const idsOfServices = (providers: readonly ProviderView[]): string[] =>
  providers.flatMap(({ services }) => services.map(({ id }) => id))

const startOf = (at: number, unitMs: number): number => Math.floor(at / unitMs) * unitMs
