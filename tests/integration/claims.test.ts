import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { deleteBlock, insertBlock } from '../../src/providers/block-store.ts'
import { drainProvider, resumeProvider } from '../../src/providers/provider-state-store.ts'
import { createProviderStore } from '../../src/providers/provider-store.ts'
import { cancelRequest } from '../../src/requests/cancel-request.ts'
import { claimTasks } from '../../src/requests/claim-tasks.ts'
import type { TaskRow } from '../../src/requests/task-store.ts'
import { insertSubmission } from '../../src/requests/insert-submission.ts'
import { TASK_CLASS } from '../../src/requests/request-states.ts'
import { findTask, listTasks } from '../../src/requests/task-store.ts'
import { waitFor } from '../support/wait-for.ts'
import { openTestDatabase, type TestDatabase } from '../support/open-test-database.ts'

const USER = 'usr_1'
const { limits } = loadConfig({})

let database: TestDatabase
let models = 0

beforeAll(async () => {
  database = await openTestDatabase()
  const user = { id: USER, name: 'u', email: 'u@example.org', role: 'member', created_at: 1, updated_at: 1 }
  await database.db.insertInto('users').values(user).execute()
})

afterAll(async () => {
  await database.close()
})

const newModel = () => `model-${++models}`

const storeOf = () => createProviderStore(database, loadConfig({}).offering)
const claimTask = async (task: TaskRow, slot: { serviceId: string; providerId: string; epoch: number }) =>
  (await claimTasks({ database, limits, providers: storeOf() }, [{ task, ...slot }]))[0]

/** A new connection of the provider of this name, with one service for the model. */
async function connect(name: string, model: string) {
  const service = {
    name: 'service',
    type: 'image',
    concurrency: 1,
    timeoutMs: 1000,
    access: 'members' as const,
    models: [{ id: model, features: ['generate' as const] }]
  }
  const connection = {
    ownerId: USER,
    keyId: 'key',
    name,
    agentVersion: '1',
    services: [service],
    onlineUntil: Date.now() + 60_000
  }
  const store = storeOf()
  const { providerId, epoch, serviceIds } = await database.db
    .transaction()
    .execute((trx) => store.connect(trx, connection))
  return { providerId, epoch, serviceId: serviceIds.get('service')!, model }
}

/** Waiting tasks, one image each, all in one request; returns its id. */
const submit = (model: string, n: number): Promise<string> =>
  database.db.transaction().execute((trx) =>
    insertSubmission(
      trx,
      {
        principal: {
          userId: USER,
          email: 'u@example.org',
          role: 'member',
          keyId: 'key_1',
          scopes: ['generate'],
          limits: { key: {}, user: {} },
          emailVerified: true,
          responseDefault: 'url'
        },
        image: { kind: 'generation', model, prompt: 'a fox', n, parameters: { extra: {} }, warnings: [] },
        inputs: [],
        isAsync: true,
        routing: 'any'
      },
      {
        ...{ taskClass: TASK_CLASS.async, now: Date.now(), measured: new Map() },
        shared: { storageKeyOf: async (_, input) => input.storageKey }
      }
    )
  )

const attemptsOf = (requestId: string) =>
  database.db.selectFrom('attempts').selectAll().where('request_id', '=', requestId).execute()

/** A process that claims all it can get once it is told to. */
async function startClaimer(slot: Awaited<ReturnType<typeof connect>>) {
  const script = fileURLToPath(new URL('../support/claim-tasks.ts', import.meta.url))
  const child = spawn(process.execPath, [script, database.dataDir, JSON.stringify(slot)], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const closed = once(child, 'close')
  await once(child.stdout, 'data')
  const output = text(child.stdout)
  return {
    go: async (): Promise<string[]> => {
      child.stdin.write('go\n')
      await closed
      return JSON.parse(await output) as string[]
    }
  }
}

describe('processes that claim from one database', () => {
  it('never both get a task, and leave none', async () => {
    const model = newModel()
    const requestId = await submit(model, 600)
    const tasks = await listTasks(database.db, requestId)
    const claimers = await Promise.all(['a', 'b', 'c'].map(async (name) => startClaimer(await connect(name, model))))
    const claimed = (await Promise.all(claimers.map((claimer) => claimer.go()))).flat()
    expect(claimed).toHaveLength(600)
    expect(new Set(claimed)).toEqual(new Set(tasks.map((task) => task.id)))

    const attempts = await attemptsOf(requestId)
    expect(attempts).toHaveLength(600)
    const current = (await listTasks(database.db, requestId)).map((task) => task.current_attempt_id)
    expect(new Set(current)).toEqual(new Set(attempts.map((attempt) => attempt.id)))
  })
})

it('a drain lets no claim through that comes after it, of another process either', async () => {
  const model = newModel()
  const requestId = await submit(model, 600)
  const slot = await connect('drained', model)
  const claimer = await startClaimer(slot)
  const claiming = claimer.go()
  await waitFor(async () => (await attemptsOf(requestId)).length > 0)
  const before = await database.db.transaction().execute(async (trx) => {
    await drainProvider(trx, slot.providerId, Date.now())
    return (await trx.selectFrom('attempts').select('id').where('request_id', '=', requestId).execute()).length
  })
  expect(await claiming).toHaveLength(before)
  const waiting = (await listTasks(database.db, requestId)).filter((task) => task.state === 'queued')
  expect(waiting).toHaveLength(600 - before)

  const [task] = waiting
  if (!task) return // The claimer was through before it could be drained.
  expect(await claimTask(task, slot)).toBeUndefined()
  await resumeProvider(database.db, slot.providerId)
  expect(await claimTask(task, slot)).toBeDefined()
})

describe('a claim', () => {
  const claim = async (requestId: string, slot: Awaited<ReturnType<typeof connect>>) => {
    const [task] = await listTasks(database.db, requestId)
    return claimTask(task!, slot)
  }

  it('takes the task, starts its request, and is a lease', async () => {
    const model = newModel()
    const slot = await connect('d', model)
    const requestId = await submit(model, 1)
    const before = Date.now()
    const assignment = await claim(requestId, slot)
    expect(assignment).toMatchObject({ requestId, userId: USER, position: 0, serviceId: slot.serviceId, model })
    const [attempt] = await attemptsOf(requestId)
    expect(attempt).toMatchObject({ id: assignment?.attemptId, state: 'running', epoch: slot.epoch })
    expect(attempt!.lease_until).toBeGreaterThanOrEqual(before + limits.leaseMs)
    expect(JSON.stringify(attempt)).not.toContain(assignment!.token)
    const request = await database.db.selectFrom('requests').selectAll().where('id', '=', requestId).executeTakeFirst()
    expect(request).toMatchObject({ state: 'running' })
    expect(request!.started_at).toBeGreaterThanOrEqual(before)
  })

  it('is refused when the task is taken', async () => {
    const model = newModel()
    const slot = await connect('e', model)
    const requestId = await submit(model, 1)
    expect(await claim(requestId, slot)).toBeDefined()
    expect(await claim(requestId, slot)).toBeUndefined()
    expect(await attemptsOf(requestId)).toHaveLength(1)
  })

  it('is refused to a connection that a newer one has replaced', async () => {
    const model = newModel()
    const old = await connect('f', model)
    const current = await connect('f', model)
    expect(current).toEqual({ ...old, epoch: old.epoch + 1 })
    const requestId = await submit(model, 1)
    expect(await claim(requestId, old)).toBeUndefined()
    expect(await claim(requestId, current)).toBeDefined()
  })

  it('is refused when the request was canceled', async () => {
    const model = newModel()
    const slot = await connect('g', model)
    const requestId = await submit(model, 1)
    const [task] = await listTasks(database.db, requestId)
    await cancelRequest({ database }, requestId)
    expect(await claimTask(task!, slot)).toBeUndefined()
    expect(await findTask(database.db, task!.id)).toMatchObject({ state: 'canceled' })
    expect(await attemptsOf(requestId)).toEqual([])
  })

  it('is refused when the owner has blocked the user since the task was found', async () => {
    const model = newModel()
    const slot = await connect('h', model)
    const requestId = await submit(model, 1)
    const [task] = await listTasks(database.db, requestId)
    const other = { id: 'usr_2', name: 'o', email: 'o@example.org', role: 'member', created_at: 1, updated_at: 1 }
    await database.db.insertInto('users').values(other).execute()
    await database.db.updateTable('providers').set({ owner_id: 'usr_2' }).where('id', '=', slot.providerId).execute()
    const take = () => claimTask(task!, slot)
    await insertBlock(database.db, { providerId: slot.providerId, userId: USER, now: 1 })
    expect(await take()).toBeUndefined()
    await deleteBlock(database.db, { providerId: slot.providerId, userId: USER })
    expect(await take()).toBeDefined()
  })
})
