import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { loadConfig } from '../../src/config/config.ts'
import type { Database } from '../../src/db/database.ts'
import { createSteadyClock, type SteadyClock } from '../../src/lib/clock.ts'
import { newId } from '../../src/lib/ids.ts'
import { silentLogger } from '../../src/lib/logger.ts'
import type { Principal } from '../../src/lib/principal.ts'
import { createOffers } from '../../src/providers/offers.ts'
import { createFindCapped } from '../../src/requests/find-capped.ts'
import { createProviderStore, type ProviderStore } from '../../src/providers/provider-store.ts'
import type { AgentConnected, HeldAttempt } from '../../src/requests/connect-agent.ts'
import type { DeliveredImage } from '../../src/requests/finish-attempt.ts'
import { createRequestLifecycle, type RequestLifecycle } from '../../src/requests/request-lifecycle.ts'
import { MISCOUNTS } from './find-miscounts.ts'
import { openTestDatabase } from './open-test-database.ts'

export const MODEL = 'model'
/** Not the default, so that a lease which is not as long as configured is noticed. */
export const LEASE_MS = 24_000

/** The operations on requests as gateway processes call them, on one real database file, with a clock that tests move. */
export interface LeaseWorld {
  /** Each with a connection of its own to the file. */
  gateways: { database: Database; requests: RequestLifecycle; providers: ProviderStore }[]
  clock: SteadyClock & {
    /** Time passes. */
    advance(ms: number): void
    /** Somebody sets the machine's clock. */
    jump(ms: number): void
  }
  principal: Principal
  /** A new connection of the agent of this name, with one service for `MODEL`. */
  connect(
    gateway: number,
    agent: { name: string; attempts?: readonly HeldAttempt[]; probes?: boolean }
  ): Promise<Connection>
  submit(gateway: number, n: number): Promise<string>
  close(): Promise<void>
}

export type Connection = AgentConnected & { serviceId: string }

export async function openLeaseWorld(options: { gateways: number }): Promise<LeaseWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'inference-club-leases-'))
  let passed = 0
  let set = 0
  const steady = createSteadyClock({ wall: () => 1_800_000_000_000 + passed + set, monotonic: () => passed })
  const clock = {
    ...steady,
    advance: (ms: number) => void (passed += ms),
    jump: (ms: number) => void (set += ms)
  }
  const gateways: LeaseWorld['gateways'] = []
  for (let i = 0; i < options.gateways; i++) gateways.push(await openGateway(folder, clock))
  const principal: Principal = {
    userId: newId('usr'),
    email: 'u@example.org',
    role: 'member',
    keyId: newId('key'),
    scopes: ['generate'],
    limits: { key: {}, user: {} },
    emailVerified: true,
    responseDefault: 'url'
  }
  const user = { id: principal.userId, name: 'u', email: principal.email, role: 'member', created_at: 1, updated_at: 1 }
  const at = (index: number) => gateways[index % gateways.length]!
  await at(0).database.db.insertInto('users').values(user).execute()
  return {
    gateways,
    clock,
    principal,
    connect: async (gateway, { name, attempts = [], probes = false }) => {
      const connected = await at(gateway).requests.connectAgent({
        ownerId: principal.userId,
        keyId: principal.keyId,
        name,
        agentVersion: '1',
        onlineUntil: clock.now() + LEASE_MS,
        probes,
        services: [
          {
            name: 'images',
            type: 'image',
            concurrency: 2,
            timeoutMs: 60_000,
            access: 'members',
            models: [{ id: MODEL, features: ['generate'] }]
          }
        ],
        attempts
      })
      return { ...connected, serviceId: connected.serviceIds.get('images')! }
    },
    submit: async (gateway, n) => {
      const { id } = await at(gateway).requests.submit({
        principal,
        image: { kind: 'generation', model: MODEL, prompt: 'a fox', n, parameters: { extra: {} }, warnings: [] },
        inputs: [],
        isAsync: true,
        routing: 'any'
      })
      return id
    },
    close: async () => {
      for (const { database } of gateways) await database.close()
      await rm(folder, { recursive: true })
    }
  }
}

async function openGateway(dataDir: string, clock: { now(): number }) {
  // Nothing here looks at the disk: what waits for it is tested elsewhere.
  const database = await openTestDatabase({ dataDir, clock, syncFile: async () => undefined })
  const providers = createProviderStore(database, loadConfig({}).offering)
  const requests = createRequestLifecycle({
    database,
    providers,
    offers: createOffers({ store: providers, clock, findCapped: createFindCapped(database, loadConfig({}).offering) }),
    assets: { remove: async () => undefined, discard: async () => undefined, isStored: async () => true },
    limits: loadConfig({ INFERENCE_CLUB_LIMITS_LEASE: `${LEASE_MS}ms` }).limits,
    random: () => 0,
    logger: silentLogger()
  })
  return { database, requests, providers }
}

/** An image whose bytes are in the store, as the operations see it. */
export function deliveredImage(): DeliveredImage {
  const assetId = newId('ast')
  return {
    assetId,
    storageKey: `images/${assetId}`,
    mediaType: 'image/png',
    bytes: 100,
    sha256: 'f'.repeat(64),
    width: 8,
    height: 8,
    hasAlpha: false,
    seed: 1,
    warnings: [],
    generatingMs: 10
  }
}

/** Everything that leases are about. */
export async function readRows({ db }: Pick<Database, 'db'>) {
  return {
    requests: await db.selectFrom('requests').selectAll().execute(),
    tasks: await db.selectFrom('tasks').selectAll().execute(),
    attempts: await db.selectFrom('attempts').selectAll().execute(),
    assets: await db.selectFrom('assets').selectAll().execute(),
    usage: await db.selectFrom('usage_images').selectAll().execute(),
    providers: await db.selectFrom('providers').selectAll().execute(),
    services: await db.selectFrom('services').selectAll().execute(),
    miscounts: (await sql<{ wrong: string }>`${sql.raw(MISCOUNTS)}`.execute(db)).rows.map(({ wrong }) => wrong)
  }
}
export type Rows = Awaited<ReturnType<typeof readRows>>
