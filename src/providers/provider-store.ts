import type { Selectable } from 'kysely'
import type { Database, Trx } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import type { OfferingConfig } from '../config/config.ts'
import { newId } from '../lib/ids.ts'
import { type Blocks, findBlocks } from './block-store.ts'
import type { MeasuredService } from './image-cost.ts'
import { listOffers, measuredOf, type Offer, type OfferFilter } from './offers-store.ts'
import { type DeclaredService, writeServices } from './declared-services-store.ts'
import { awaitFirstLooks, easePauses, graceFirstLooks } from './pause-store.ts'
import { listSharing, type ServiceSharing } from './service-terms-store.ts'
import {
  listUsableLoras,
  type LorasByService,
  noteFinds,
  noteLoaded,
  outdateFinds,
  type ServiceFinds,
  type UsableLoras
} from './service-finds-store.ts'
import { listWishes, noteOffered, type OfferAnswer, type OfferWish } from './service-offers-store.ts'
import { listWarmWishes, noteWarmed, type WarmAnswer, type WarmWish } from './service-warms-store.ts'
import { noteCondition, type ServiceCondition } from './service-condition-store.ts'
import { listPaused, type Paused } from './provider-state-store.ts'
import { type Delivered, noteNews } from './service-measures-store.ts'
import { createPaceNotes } from './pace-notes.ts'
import { createRecentOffers } from './recent-offers.ts'
import { listMeasured, type MeasuredImage } from './service-paces-store.ts'
import type { Standing } from './trust-policy.ts'
import { admitProvider, findStanding, listStandings } from './trust-store.ts'

export interface ConnectedProvider {
  providerId: string
  /** Counts connections; writes of an older one no longer match. */
  epoch: number
  serviceIds: Map<string, string>
  /** Whether it may serve others. */
  standing: Standing
  /** Whether its owner offers anything of it to others. */
  isShared: boolean
}

export interface ProviderStore {
  /** Whose machines may serve others. Admins may change it at any time. */
  readonly offering: OfferingConfig
  /** Makes or finds the provider (owner, name), takes it over from any older connection, and writes its services. */
  connect(trx: Trx, provider: NewConnection): Promise<ConnectedProvider>
  /** How these providers stand at this moment, by id. */
  listStandings(providerIds: readonly string[]): Promise<Map<string, Standing>>
  /** What these providers declare now, and what of that is their owners' alone, by id. */
  listSharing(providerIds: readonly string[]): Promise<Map<string, ServiceSharing[]>>
  /** What of these providers is paused, by id. */
  listPaused(providerIds: readonly string[]): Promise<Map<string, Paused>>
  /** Providers of an owner that are not forgotten. */
  countProviders(trx: Trx, ownerId: string): Promise<number>
  /** Keeps a provider online until then; false when a newer connection has taken it over. */
  keepOnline(trx: Trx, connection: { providerId: string; epoch: number }, until: number): Promise<boolean>
  disconnect(connection: { providerId: string; epoch: number }): Promise<void>
  /** Keeps everybody online until then who is now. */
  graceOnline(trx: Trx, until: number): Promise<void>
  /** When any of them was seen last, by the clock of that time; undefined when none has been. */
  lastSeenAt(trx: Trx): Promise<number | undefined>
  /** Offers of image services seen since then, of drained providers and paused services only with `drained`; `model` and `models` narrow. */
  listOffers(filter: OfferFilter): Promise<Offer[]>
  /** Offers of these models that take work, as they are, or were a moment ago: see `createRecentOffers`. */
  listRecentOffers(models: readonly string[]): Promise<Offer[]>
  /** What was measured of the services of a model: those that take work, else all that have it. */
  listMeasured(model: string): Promise<MeasuredService[]>
  /** Which providers do not serve these people. */
  findBlocks(userIds: readonly string[]): Promise<Blocks>
  listProviders(): Promise<Selectable<Tables['providers']>[]>
  /** Whether a machine of theirs drives an image server; the built-in demo painter is none. */
  hasMachine(ownerId: string): Promise<boolean>
  noteNodeFault(trx: Trx, serviceId: string): Promise<void>
  /** Learns from an image that `isNewsOf` its service. */
  noteNews(trx: Trx, delivered: Delivered): Promise<void>
  /** Learns how long an image took, unless it has learnt that of the service a moment ago. */
  notePace(trx: Trx, measured: MeasuredImage): Promise<void>
  /** What the image server of a service has, as its agent says on this connection. */
  noteFinds(
    connection: { providerId: string; epoch: number },
    said: { serviceId: string; finds: ServiceFinds; loras: readonly UsableLoras[] }
  ): Promise<void>
  /** Which of its models a service has loaded. */
  noteLoaded(
    connection: { providerId: string; epoch: number },
    said: { serviceId: string; models: readonly string[] }
  ): Promise<void>
  /** What their owners wish that they offer beside what their files say, by provider. */
  listWishes(providerIds: readonly string[]): Promise<Map<string, OfferWish[]>>
  /**
   * What the agent makes of a wish; without an answer it is given up for now. `declared` are the models of its file. False when
   * that is out of date.
   */
  noteOffered(
    connection: { providerId: string; epoch: number },
    said: { serviceId: string; revision: number; answer: OfferAnswer | undefined; declared: readonly string[] }
  ): Promise<boolean>
  /** Which models their owners wish to have loaded, oldest first, by provider. */
  listWarmWishes(providerIds: readonly string[]): Promise<Map<string, WarmWish[]>>
  /** What the agent makes of such a wish. */
  noteWarmed(connection: { providerId: string; epoch: number }, answer: WarmAnswer): Promise<void>
  /** LoRAs that callers may name, by service and model. */
  listUsableLoras(serviceIds: readonly string[]): Promise<LorasByService>
  /** How the image server of a service is, as its agent says. */
  noteCondition(service: { providerId: string; serviceId: string }, condition: ServiceCondition): Promise<void>
}

export interface NewConnection {
  ownerId: string
  keyId: string
  name: string
  agentVersion: string
  services: readonly DeclaredService[]
  /** It takes its owner's wishes of what else it is to offer. */
  acceptsOffers?: boolean
  /** It tells in a moment how it finds its image servers: until then they are as they were. */
  probes?: boolean
  onlineUntil: number
}

const FAULTS_BEFORE_COOLING = 5
const COOLING_STEP_MS = 30_000
export const COOLING_MOST_MS = 600_000

export function createProviderStore(
  { db, clock, bell }: Pick<Database, 'db' | 'clock' | 'bell'>,
  offering: OfferingConfig
): ProviderStore {
  const listRecentOffers = createRecentOffers(bell, (models) =>
    listOffers(db, { seenSince: clock.now(), models }, offering.providers)
  )
  return {
    offering,

    connect: async (trx, connection) => {
      const now = clock.now()
      const provider = await takeOver(trx, connection, now)
      await outdateFinds(trx, { providerId: provider.id, services: connection.services })
      const { ids: serviceIds, fresh } = await writeServices(trx, provider.id, { ...connection, now })
      await admitProvider(trx, { providerId: provider.id, now, mode: offering.providers })
      const probes = connection.probes === true
      await easePauses(trx, { providerId: provider.id, now, probes })
      if (probes) await awaitFirstLooks(trx, { providerId: provider.id, fresh, now })
      const standing = (await findStanding(trx, provider.id, offering.providers)) ?? 'pending'
      const sharing = (await listSharing(trx, [provider.id])).get(provider.id) ?? []
      const isShared = sharing.some(({ isPrivate }) => !isPrivate)
      return { providerId: provider.id, epoch: provider.epoch, serviceIds, standing, isShared }
    },

    listStandings: (providerIds) => listStandings(db, providerIds, offering.providers),

    listSharing: (providerIds) => listSharing(db, providerIds),

    listPaused: (providerIds) => listPaused(db, providerIds),

    countProviders: async (trx, ownerId) => {
      const row = await trx
        .selectFrom('providers')
        .select((e) => e.fn.countAll<number>().as('providers'))
        .where('owner_id', '=', ownerId)
        .where('forgotten_at', 'is', null)
        .executeTakeFirst()
      return Number(row?.providers ?? 0)
    },

    keepOnline: async (trx, { providerId, epoch }, until) => {
      const { numUpdatedRows } = await trx
        .updateTable('providers')
        .set({ online_until: until, last_seen_at: clock.now(), forgotten_at: null })
        .where('id', '=', providerId)
        .where('epoch', '=', epoch)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },

    disconnect: async ({ providerId, epoch }) => {
      const now = clock.now()
      await db
        .updateTable('providers')
        .set({ online_until: now, last_seen_at: now })
        .where('id', '=', providerId)
        .where('epoch', '=', epoch)
        .execute()
    },

    graceOnline: async (trx, until) => {
      const now = clock.now()
      await graceFirstLooks(trx, { now, until })
      await trx.updateTable('providers').set({ online_until: until }).where('online_until', '>', now).execute()
    },

    lastSeenAt: async (trx) => {
      const last = await trx
        .selectFrom('providers')
        .select((e) => e.fn.max('last_seen_at').as('at'))
        .executeTakeFirst()
      return last?.at ?? undefined
    },

    listOffers: (filter) => listOffers(db, filter, offering.providers),

    listRecentOffers,

    listMeasured: async (model) => {
      const offers = await listRecentOffers([model])
      return offers.length > 0 ? offers.map(measuredOf) : listMeasured(db, model)
    },

    findBlocks: (userIds) => findBlocks(db, userIds),

    listProviders: () => db.selectFrom('providers').selectAll().orderBy('name').execute(),

    hasMachine: async (ownerId) => {
      const service = await db
        .selectFrom('services')
        .innerJoin('providers', 'providers.id', 'services.provider_id')
        .select('services.id')
        .where('providers.owner_id', '=', ownerId)
        .where('providers.forgotten_at', 'is', null)
        .where('services.type', '=', 'image')
        .where('services.engine', '!=', 'demo')
        .limit(1)
        .executeTakeFirst()
      return service !== undefined
    },

    noteNodeFault: async (trx, serviceId) => {
      const row = await trx
        .updateTable('services')
        // What it could do at a time it has to show anew, from half of it on.
        .set((e) => ({ faults_in_row: e('faults_in_row', '+', 1), proven_places: e('proven_places', '/', 2) }))
        .where('id', '=', serviceId)
        .returning('faults_in_row')
        .executeTakeFirst()
      const beyond = (row?.faults_in_row ?? 0) - FAULTS_BEFORE_COOLING
      if (beyond < 0) return
      const pause = Math.min(COOLING_STEP_MS * 2 ** beyond, COOLING_MOST_MS)
      await trx
        .updateTable('services')
        .set({ cooling_until: clock.now() + pause })
        .where('id', '=', serviceId)
        .execute()
    },

    noteNews: (trx, delivered) => noteNews(trx, delivered, offering),

    notePace: createPaceNotes(() => clock.now()),

    noteFinds: (connection, said) => noteFinds(db, { connection, ...said, now: clock.now() }),

    noteLoaded: (connection, said) => noteLoaded(db, connection, said),

    listWishes: (providerIds) => listWishes(db, providerIds),

    noteOffered: (connection, said) =>
      noteOffered(db, { connection, ...said, mode: offering.providers, now: clock.now() }),

    listWarmWishes: (providerIds) => listWarmWishes(db, { providerIds, now: clock.now() }),

    noteWarmed: (connection, answer) => noteWarmed(db, { connection, answer, now: clock.now() }),

    listUsableLoras: (serviceIds) => listUsableLoras(db, serviceIds),

    noteCondition: (service, condition) => noteCondition(db, { ...service, condition, now: clock.now() })
  }
}

async function takeOver(trx: Trx, connection: NewConnection, now: number): Promise<{ id: string; epoch: number }> {
  const seen = {
    api_key_id: connection.keyId,
    agent_version: connection.agentVersion,
    connected_at: now,
    online_until: connection.onlineUntil,
    last_seen_at: now,
    forgotten_at: null
  }
  return trx
    .insertInto('providers')
    .values({
      id: newId('prv'),
      owner_id: connection.ownerId,
      name: connection.name,
      epoch: 1,
      trust: 'pending',
      trust_since: now,
      ...seen
    })
    .onConflict((c) =>
      c.columns(['owner_id', 'name']).doUpdateSet((e) => ({ ...seen, epoch: e('providers.epoch', '+', 1) }))
    )
    .returning(['id', 'epoch'])
    .executeTakeFirstOrThrow()
}
