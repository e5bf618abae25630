import { loadConfig } from '../config/config.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KyselyPlugin } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../db/database.ts'
import { openSqliteDatabase } from '../db/sqlite-database.ts'
import type { Feature } from '../images/image-request.ts'
import { silentLogger } from '../lib/logger.ts'
import { createProviderStore } from '../providers/provider-store.ts'
import { startDispatcher } from './dispatcher.ts'
import type { ServiceSlots } from './slot-source.ts'

const GENERATE: Feature[] = ['generate']

let folder: string
let database: Database
let statements: number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dispatcher-'))
  const onFatal = (error: unknown) => expect.fail(String(error))
  const opened = await openSqliteDatabase({ path: join(folder, 'test.sqlite'), clock: { now: () => 1000 }, onFatal })
  const counter: KyselyPlugin = {
    transformQuery: ({ node }) => {
      statements += 1
      return node
    },
    transformResult: async ({ result }) => result
  }
  database = { ...opened, db: opened.db.withPlugin(counter) }
  await database.db
    .insertInto('users')
    .values({ id: 'ann', name: 'a', email: 'a@example.org', role: 'member', created_at: 1, updated_at: 1 })
    .execute()
})
afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

/** A provider of `ann` whose services offer so many models each, all of them called `<model> <number>`. */
async function connect({ services, models, model = 'idle' }: { services: number; models: number; model?: string }) {
  const offered = Array.from({ length: models }, (_, index) => ({ id: `${model} ${index}`, features: GENERATE }))
  const declared = Array.from({ length: services }, (_, index) => ({
    name: `${model} ${index}`,
    type: 'image',
    concurrency: 1,
    timeoutMs: 1000,
    access: 'members' as const,
    models: offered
  }))
  const { serviceIds, providerId, epoch } = await database.db.transaction().execute((trx) =>
    createProviderStore(database, loadConfig({}).offering).connect(trx, {
      ownerId: 'ann',
      name: `${model} rig`,
      agentVersion: '1',
      services: declared,
      onlineUntil: 9000
    })
  )
  return [...serviceIds.values()].map((serviceId): ServiceSlots => ({
    serviceId,
    providerId,
    epoch,
    ownerId: 'ann',
    access: 'members',
    models: new Map(offered.map(({ id, features }) => [id, features])),
    free: 1,
    running: 0,
    assign: () => undefined
  }))
}

let made = 0
async function queue(model: string): Promise<string> {
  const id = `task ${++made}`
  const same = { user_id: 'ann', kind: 'generation', state: 'queued' as const, model }
  await database.db
    .insertInto('requests')
    .values({
      ...same,
      id: `req ${id}`,
      api_key_id: '',
      is_async: 1,
      prompt: '',
      parameters: '{}',
      n: 1,
      created_at: 1,
      warnings: '[]'
    })
    .execute()
  await database.db
    .insertInto('tasks')
    .values({
      ...same,
      id,
      request_id: `req ${id}`,
      position: 0,
      needs: 'generate',
      routing: 'any',
      seed: 1,
      class: 1,
      order_key: made,
      queued_at: made
    })
    .execute()
  return id
}

/** One look of a dispatcher at these slots: what it wanted to claim, and how many statements it took. */
async function look(slots: readonly ServiceSlots[], { claims = 0 }: { claims?: number } = {}) {
  const claimed: string[] = []
  statements = 0
  let looks = 0
  const looked = Promise.withResolvers<undefined>()
  const dispatcher = startDispatcher({
    database,
    providers: createProviderStore(database, loadConfig({}).offering),
    logger: silentLogger(),
    slots: {
      freeServices: () => {
        looks += 1
        return [...slots]
      },
      runningByUser: () => new Map()
    },
    requests: {
      claim: async ({ task }) => {
        claimed.push(task.id)
        if (claimed.length >= claims) looked.resolve(undefined)
        return undefined
      }
    }
  })
  if (claims > 0) await looked.promise
  await dispatcher.close()
  return { claimed, statements, looks }
}

describe('the cost of a look', () => {
  it('is one statement when nothing waits, whatever is declared', async () => {
    const slots = [...(await connect({ services: 20, models: 50 }))]
    expect((await look(slots)).statements).toBe(1)
    expect((await look([])).statements).toBe(0)
  })

  it('is one statement when only what nobody here has waits', async () => {
    const slots = await connect({ services: 5, models: 20 })
    await queue('elsewhere 0')
    expect((await look(slots)).statements).toBe(1)
  })

  it('does not grow with what others declare', async () => {
    const wanted = await connect({ services: 1, models: 1, model: 'wanted' })
    const task = await queue('wanted 0')
    const alone = await look(wanted, { claims: 1 })
    expect(alone.claimed).toContain(task)
    const crowd = await connect({ services: 20, models: 50 })
    const among = await look([...crowd, ...wanted], { claims: 1 })
    expect(among.claimed).toContain(task)
    expect(among.statements).toBe(alone.statements)
  })
})

it('gives every model its turn, however many are waited for', async () => {
  const slots = await connect({ services: 1, models: 40, model: 'many' })
  const tasks = []
  for (let index = 0; index < 40; index++) tasks.push(await queue(`many ${index}`))
  const [slot] = slots
  const { claimed } = await look([{ ...slot!, free: 40 }], { claims: 40 })
  expect(claimed.toSorted()).toEqual(tasks.toSorted())
})
