/**
 * How many images a second the dispatcher hands out, and what the calls around it take, with 10, 10,000 and 100,000
 * images waiting: `node bench/claim.ts`. Agents and pictures are left out; the database is real, in a temporary folder.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../src/config/config.ts'
import type { Database } from '../src/db/database.ts'
import { openSqliteDatabase } from '../src/db/sqlite-database.ts'
import { startDispatcher } from '../src/dispatch/dispatcher.ts'
import type { ServiceSlots } from '../src/dispatch/slot-source.ts'
import type { Feature } from '../src/images/image-request.ts'
import { systemClock } from '../src/lib/clock.ts'
import { newId } from '../src/lib/ids.ts'
import { silentLogger } from '../src/lib/logger.ts'
import type { Principal } from '../src/lib/principal.ts'
import { createProviderStore } from '../src/providers/provider-store.ts'
import { type Assignment, claimTasks } from '../src/requests/claim-tasks.ts'
import { insertSubmission } from '../src/requests/insert-submission.ts'
import { countAhead } from '../src/request-views/queue-length-store.ts'
import { TASK_CLASS } from '../src/requests/request-states.ts'
import { admitImages } from '../src/requests/admit-images.ts'
import type { TaskRow } from '../src/requests/task-store.ts'

const QUEUES = [10, 10_000, 100_000]
const CLAIMS = 500
const SUBMITS = 200
const USERS = 100
const MODEL = 'bench'
const ROWS_AT_A_TIME = 500

/** What waits before the images that the service can make. */
const KINDS = {
  plain: {},
  'edits it cannot do': { needs: 'edit mask' },
  "others' only_own": { routing: 'only_own' },
  "its owner's": { user_id: 'usr_0', routing: 'only_own' },
  "its owner's edits": { user_id: 'usr_0', routing: 'only_own', needs: 'edit mask' }
} as const

const { limits } = loadConfig({})
const userId = (index: number) => `usr_${index}`

async function main(): Promise<void> {
  await measure({ waiting: 10, ahead: {} }) // Not told: code that runs for the first time is slow.
  console.log('                                      claims   ms CPU   submits   ms CPU   place of')
  console.log('ahead in the queue      waiting     a second     each  a second     each   last, ms')
  for (const [name, ahead] of Object.entries(KINDS)) {
    for (const waiting of QUEUES) {
      const { claims, submits, place } = await measure({ waiting, ahead })
      const numbers = [perSecond(claims), cpuEach(claims), perSecond(submits), cpuEach(submits), place.cpuMs.toFixed(1)]
      const [first = '', ...rest] = numbers
      console.log(
        name.padEnd(20) + waiting.toLocaleString('en').padStart(11) + first.padStart(13),
        ...rest.map((text) => text.padStart(8))
      )
    }
  }
}

/** How long something took, and how much of that the processor worked: the same on an idle and on a busy machine. */
interface Timing {
  count: number
  ms: number
  cpuMs: number
}

const perSecond = ({ count, ms }: Timing): string => Math.round(count / (ms / 1000)).toLocaleString('en')
const cpuEach = ({ count, cpuMs }: Timing): string => (cpuMs / count).toFixed(2)

export async function measure(queue: { waiting: number; ahead: Partial<TaskRow>; services?: number }) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-claim-'))
  const onFatal = (error: unknown) => {
    throw error
  }
  const database = await openSqliteDatabase({ path: join(folder, 'bench.sqlite'), clock: systemClock, onFatal })
  try {
    await addUsers(database)
    const services: Service[] = []
    for (let number = 1; number <= (queue.services ?? 1); number++) services.push(await addService(database, number))
    const last = await addTasks(database, queue)
    const place = await timed(1, async () => void (await countAhead(database.db, MODEL, [last])))
    const submits = await timed(SUBMITS, () => submitSome(database))
    const claims = await timed(CLAIMS, () => claimSome(database, services))
    return { claims, submits, place }
  } finally {
    await database.close()
    await rm(folder, { recursive: true })
  }
}

async function timed(count: number, work: () => Promise<void>): Promise<Timing> {
  const [began, cpuBefore] = [performance.now(), process.cpuUsage()]
  await work()
  const { user, system } = process.cpuUsage(cpuBefore)
  return { count, ms: performance.now() - began, cpuMs: (user + system) / 1000 }
}

async function addUsers({ db }: Database): Promise<void> {
  const users = Array.from({ length: USERS }, (_, index) => ({
    id: userId(index),
    name: 'user',
    email: `user-${index}@example.org`,
    role: 'member',
    created_at: 1,
    updated_at: 1
  }))
  await db.insertInto('users').values(users).execute()
}

type Service = Omit<ServiceSlots, 'assign' | 'free'>

/** Each of a provider of its own, all of one person. */
async function addService(database: Database, number: number): Promise<Service> {
  const features: Feature[] = ['generate']
  const declared = {
    name: 'service',
    type: 'image',
    concurrency: 1,
    timeoutMs: 1000,
    access: 'members' as const,
    models: [{ id: MODEL, features }]
  }
  const ownerId = userId(0)
  const connection = {
    ownerId,
    keyId: 'key',
    name: `provider ${number}`,
    agentVersion: '1',
    services: [declared],
    onlineUntil: Date.now() + 1e9
  }
  const { providerId, epoch, serviceIds } = await database.db
    .transaction()
    .execute((trx) => createProviderStore(database, loadConfig({}).offering).connect(trx, connection))
  const serviceId = serviceIds.get('service') ?? ''
  await database.db.updateTable('providers').set({ trust: 'trusted' }).where('id', '=', providerId).execute()
  return { serviceId, providerId, epoch, ownerId, running: 0, models: new Map([[MODEL, features]]) }
}

/** The waiting images of users who have equally many, and behind them those to claim. Returns the last one. */
async function addTasks({ db }: Database, queue: { waiting: number; ahead: Partial<TaskRow> }): Promise<TaskRow> {
  const { waiting, ahead } = queue
  const request = {
    kind: 'generation',
    state: 'queued' as const,
    is_async: 1,
    model: MODEL,
    prompt: 'a red fox',
    parameters: '{"extra":{}}',
    n: 1,
    created_at: 1,
    warnings: '[]',
    api_key_id: 'key'
  }
  const rows = Array.from({ length: waiting + CLAIMS }, (_, index) => {
    // Not the owner's, who may take what is only for own machines.
    const user_id = userId(1 + (index % (USERS - 1)))
    const id = newId('req')
    const task = {
      id: newId('tsk'),
      request_id: id,
      user_id,
      position: 0,
      state: 'queued' as const,
      kind: 'generation',
      model: MODEL,
      needs: 'generate',
      routing: 'any' as const,
      seed: 1,
      class: TASK_CLASS.async,
      order_key: Math.floor(index / USERS),
      queued_at: index,
      ...(index < waiting && ahead)
    }
    return { request: { ...request, id, user_id }, task }
  })
  await db.transaction().execute(async (trx) => {
    for (let from = 0; from < rows.length; from += ROWS_AT_A_TIME) {
      const part = rows.slice(from, from + ROWS_AT_A_TIME)
      await trx
        .insertInto('requests')
        .values(part.map((row) => row.request))
        .execute()
      await trx
        .insertInto('tasks')
        .values(part.map((row) => row.task))
        .execute()
    }
  })
  return db.selectFrom('tasks').selectAll().orderBy('queued_at', 'desc').limit(1).executeTakeFirstOrThrow()
}

async function submitSome(database: Database): Promise<void> {
  const principal: Principal = {
    userId: userId(0),
    email: 'user-0@example.org',
    role: 'member',
    keyId: 'key',
    scopes: ['generate'],
    limits: { key: {}, user: {} },
    emailVerified: true,
    responseDefault: 'url'
  }
  const parameters = { extra: {} }
  const image = { kind: 'generation' as const, model: 'elsewhere', prompt: 'x', n: 1, parameters, warnings: [] }
  const submission = { principal, image, inputs: [], isAsync: true, routing: 'any' as const }
  const parts = {
    database,
    providers: createProviderStore(database, loadConfig({}).offering),
    limits: { ...limits, queueTotal: 1_000_000, queuePerUser: 1_000_000 },
    // There are no inputs to keep.
    assets: { isStored: async () => false, discard: async () => undefined, remove: async () => undefined }
  }
  for (let i = 0; i < SUBMITS; i++) {
    await admitImages(parts, {
      principal,
      once: undefined,
      inputs: [],
      models: [image.model],
      check: async () => undefined,
      open: async (trx) => ({
        images: 1,
        webhooks: 0,
        queue: async (place) => {
          const id = await insertSubmission(trx, submission, { ...place, taskClass: TASK_CLASS.async })
          return { id, requestIds: [id] }
        }
      })
    })
  }
}

/** Lets the dispatcher fill one slot of each service, which is free again at once, until enough has been handed out. */
async function claimSome(database: Database, services: readonly Service[]): Promise<void> {
  const providers = createProviderStore(database, loadConfig({}).offering)
  let claimed = 0
  const { promise: enough, resolve } = Promise.withResolvers<void>()
  const assign = (_assignment: Assignment) => {
    claimed += 1
    if (claimed === CLAIMS) resolve()
  }
  const dispatcher = startDispatcher({
    database,
    requests: {
      claim: (claims) => claimTasks({ database, limits, providers }, claims),
      releaseStandby: async () => false
    },
    providers,
    limits,
    slots: {
      freeServices: () => (claimed < CLAIMS ? services.map((service) => ({ ...service, free: 1, assign })) : []),
      runningByUser: () => new Map()
    },
    logger: silentLogger()
  })
  await enough
  await dispatcher.close()
}

if (import.meta.main) await main()
