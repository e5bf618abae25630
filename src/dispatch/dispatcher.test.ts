import { setImmediate as nextTurn } from 'node:timers/promises'
import { loadConfig } from '../config/config.ts'
import type { KyselyPlugin } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../db/database.ts'
import type { Feature } from '../images/image-request.ts'
import { silentLogger } from '../lib/logger.ts'
import { createProviderStore } from '../providers/provider-store.ts'
import { type DispatcherParts, startDispatcher } from './dispatcher.ts'
import { PLACE_FREED } from '../requests/bell-hints.ts'
import type { Assignment } from '../requests/claim-tasks.ts'
import type { ServiceSlots } from './slot-source.ts'
import { openTestDatabase } from '../../tests/support/open-test-database.ts'

const GENERATE: Feature[] = ['generate']

let database: Database
let statements: number
/** Rows that came of them. */
let read: number

beforeEach(async () => {
  const opened = await openTestDatabase({ clock: { now: () => 1000 } })
  const counter: KyselyPlugin = {
    transformQuery: ({ node }) => {
      statements += 1
      return node
    },
    transformResult: async ({ result }) => {
      read += result.rows.length
      return result
    }
  }
  database = { ...opened, db: opened.db.withPlugin(counter) }
  const people = Array.from({ length: 30 }, (_, index) => `p${String(index).padStart(2, '0')}`)
  const users = ['ann', 'bob', ...people].map((id) => ({ id, name: id, email: `${id}@example.org` }))
  await database.db
    .insertInto('users')
    .values(users.map((user) => ({ ...user, role: 'member', created_at: 1, updated_at: 1 })))
    .execute()
})
afterEach(async () => {
  await database.close()
})

/** A provider of `ann` whose services offer so many models each, all of them called `<model> <number>`. */
async function connect({
  services,
  models,
  model = 'idle',
  name = `${model} rig`,
  ...caps
}: {
  services: number
  models: number
  model?: string
  name?: string
  imagesPerHour?: number
  imagesPerUserHour?: number
}) {
  const offered = Array.from({ length: models }, (_, index) => ({ id: `${model} ${index}`, features: GENERATE }))
  const declared = Array.from({ length: services }, (_, index) => ({
    name: `${model} ${index}`,
    type: 'image',
    concurrency: 1,
    timeoutMs: 1000,
    access: 'members' as const,
    models: offered,
    ...caps
  }))
  const { serviceIds, providerId, epoch } = await database.db.transaction().execute((trx) =>
    createProviderStore(database, loadConfig({}).offering).connect(trx, {
      ownerId: 'ann',
      keyId: 'key',
      name,
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
    models: new Map(offered.map(({ id, features }) => [id, features])),
    free: 1,
    running: 0,
    assign: () => undefined
  }))
}

let made = 0
async function queue(model: string, user_id = 'ann'): Promise<string> {
  const id = `task ${++made}`
  const same = { user_id, kind: 'generation', state: 'queued' as const, model }
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

const start = (slots: DispatcherParts['slots'], claim: DispatcherParts['requests']['claim']) =>
  startDispatcher({
    database,
    providers: createProviderStore(database, loadConfig({}).offering),
    logger: silentLogger(),
    limits: { passesForLoadedModel: 8 },
    slots,
    requests: { releaseStandby: async () => false, claim }
  })

/** One look of a dispatcher at these slots: what it wanted to claim, and how many statements it took. */
async function look(
  slots: readonly ServiceSlots[],
  { claims = 0, running = new Map() }: { claims?: number; running?: Map<string, number> } = {}
) {
  const claimed: string[] = []
  const places: string[] = []
  statements = 0
  read = 0
  let looks = 0
  const looked = Promise.withResolvers<undefined>()
  const dispatcher = start(
    {
      freeServices: () => {
        looks += 1
        return [...slots]
      },
      runningByUser: () => running
    },
    async (wanted) => {
      for (const { task, serviceId } of wanted) {
        claimed.push(task.id)
        places.push(serviceId)
      }
      if (claimed.length >= claims) looked.resolve(undefined)
      return wanted.map(() => undefined)
    }
  )
  if (claims > 0) await looked.promise
  await dispatcher.close()
  return { claimed, places, statements, read, looks }
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

it('claims together what is queued in one turn of the event loop', async () => {
  const [service] = await connect({ services: 1, models: 1, model: 'm' })
  await database.db.updateTable('providers').set({ trust: 'trusted' }).execute()
  const claims: string[][] = []
  const claimed = Promise.withResolvers<undefined>()
  const freeServices = () => (claims.length === 0 ? [{ ...service!, free: 3 }] : [])
  const dispatcher = start({ freeServices, runningByUser: () => new Map() }, async (wanted) => {
    claims.push(wanted.map(({ task }) => task.id))
    claimed.resolve(undefined)
    return wanted.map(() => undefined)
  })
  // Its first look finds nothing.
  await nextTurn()
  await nextTurn()
  const queued: string[] = []
  for (const user of ['ann', 'bob', 'p00']) {
    queued.push(await queue('m 0', user))
    database.bell.ring('tasks')
  }
  await claimed.promise
  await dispatcher.close()
  expect(claims.map((ids) => ids.toSorted())).toEqual([queued.toSorted()])
})

describe('what a round asks', () => {
  const CAPS = { imagesPerHour: 1000, imagesPerUserHour: 1000 }
  const limit = () => database.db.updateTable('providers').set({ trust: 'limited' }).execute()

  it.each([['trusted'], ['limited']])('is the same of 1 and of 32 services with 1,000 models, %s', async (trust) => {
    const few = await connect({ services: 1, models: 1, model: 'few', ...CAPS })
    const one = await queue('few 0', 'bob')
    await database.db.updateTable('providers').set({ trust: 'trusted' }).execute()
    if (trust === 'limited') await limit()
    const alone = await look(few, { claims: 1 })
    expect(alone.claimed).toContain(one)
    await database.db.deleteFrom('tasks').execute()

    const many = await connect({ services: 32, models: 1000, model: 'many', ...CAPS })
    await database.db.updateTable('providers').set({ trust: 'trusted' }).execute()
    if (trust === 'limited') await limit()
    for (const number of [0, 1, 500, 998, 999]) await queue(`many ${number}`, 'bob')
    // All are taken in one round: one more is asked when the last claim came to nothing.
    const among = await look(many, { claims: trust === 'limited' ? 2 : 5 })
    expect(among.statements).toBe(alone.statements)
    expect(alone.statements).toBeLessThan(10)
  })

  it("does not grow with an owner's own queue, be it of what the machine can do or not", async () => {
    const slots = await connect({ services: 1, models: 1, model: 'own' })
    const wanted = await queue('own 0')
    const short = await look(slots, { claims: 1 })
    expect(short.claimed).toContain(wanted)
    const task = await database.db.selectFrom('tasks').selectAll().where('id', '=', wanted).executeTakeFirstOrThrow()
    for (let from = 0; from < 5000; from += 500) {
      const more = Array.from({ length: 500 }, (_, index) => from + index + 1)
      for (const needs of ['generate', 'edit mask']) {
        const rows = more.map((at) => ({
          ...task,
          id: `${needs} ${at}`,
          position: needs === 'generate' ? at : -at,
          needs,
          routing: 'only_own' as const
        }))
        await database.db.insertInto('tasks').values(rows).execute()
      }
    }
    const long = await look(slots, { claims: 1 })
    expect(long.statements).toBe(short.statements)
    // Two more queues, of each its first image; there is one place.
    expect(long.read - short.read).toBe(2)
  })
})

/** An attempt of before that ended without an image. */
async function fail(task_id: string, { on, reason }: { on: ServiceSlots; reason: string }) {
  await database.db
    .insertInto('attempts')
    .values({
      id: `att ${task_id}`,
      task_id,
      request_id: `req ${task_id}`,
      service_id: on.serviceId,
      provider_id: on.providerId,
      epoch: 1,
      token_hash: '',
      state: 'failed',
      lease_until: 0,
      assigned_at: 1000,
      reason
    })
    .execute()
}

it('gives an image that was refused to those whose second opinion is wanted, and not to the next of the same machine', async () => {
  const [refusing, beside] = await connect({ services: 2, models: 1 })
  const [other] = await connect({ services: 1, models: 1, name: 'another rig' })
  const task = await queue('idle 0')
  await fail(task, { on: refusing!, reason: 'content_rejected' })
  await database.db.updateTable('tasks').set({ refusals: 1 }).where('id', '=', task).execute()
  const roomy = [refusing!, beside!].map((slot) => ({ ...slot, free: 3 }))
  expect((await look([...roomy, other!], { claims: 1 })).places).toEqual([other!.serviceId])
})

it('gives images that failed on a machine to others without hiding those that have not', async () => {
  const slots = await connect({ services: 2, models: 1 })
  const [free] = slots
  const spent: string[] = []
  for (let index = 0; index < 40; index++) spent.push(await queue('idle 0'))
  const untried = await queue('idle 0')
  await database.db.updateTable('tasks').set({ node_faults: 1 }).where('id', 'in', spent).execute()
  for (const task_id of spent.slice(0, 39)) await fail(task_id, { on: free!, reason: 'timeout' })
  expect((await look([free!], { claims: 1 })).claimed).toContain(untried)
})

it.each([40, 200])('gives every model its turn, also of %i', async (count) => {
  const slots = await connect({ services: 1, models: count, model: 'many' })
  const tasks = []
  for (let index = 0; index < count; index++) tasks.push(await queue(`many ${index}`))
  const [slot] = slots
  const { claimed } = await look([{ ...slot!, free: count }], { claims: count })
  expect(claimed.toSorted()).toEqual(tasks.toSorted())
})

it('looks first at those whose turn is next, of more lanes than it looks at together', async () => {
  const [slot] = await connect({ services: 1, models: 1, model: 'm' })
  await database.db.updateTable('providers').set({ trust: 'trusted' }).execute()
  const people = Array.from({ length: 30 }, (_, index) => `p${String(index).padStart(2, '0')}`)
  const tasks = new Map<string, string>()
  // The later somebody is among the lanes, the earlier is their turn.
  for (const person of people.toReversed()) tasks.set(person, await queue('m 0', person))
  expect((await look([slot!], { claims: 1 })).claimed[0]).toEqual(tasks.get('p29'))
  await database.db.updateTable('tasks').set({ class: 0 }).where('user_id', '=', 'p17').execute()
  expect((await look([slot!], { claims: 1 })).claimed[0]).toEqual(tasks.get('p17'))
  const running = new Map(people.filter((person) => person !== 'p11').map((person) => [person, 1]))
  await database.db.updateTable('tasks').set({ class: 1 }).execute()
  expect((await look([slot!], { claims: 1, running })).claimed[0]).toEqual(tasks.get('p11'))
  // What the owner of the machine waits for goes before all of it.
  const own = await queue('m 0', 'ann')
  expect((await look([slot!], { claims: 1, running })).claimed[0]).toBe(own)
})

it('hands out what waits behind any number of models that nobody here has', async () => {
  for (let index = 0; index < 200; index++) await queue(`elsewhere ${index}`)
  const slots = await connect({ services: 1, models: 1, model: 'wanted' })
  const task = await queue('wanted 0')
  expect((await look(slots, { claims: 1 })).claimed).toContain(task)
})

it('passes over those that are held back, however many there are', async () => {
  const [failing] = await connect({ services: 1, models: 1 })
  const held: string[] = []
  for (let index = 0; index < 40; index++) held.push(await queue('idle 0'))
  const due = await queue('idle 0')
  for (const task of [...held, due]) await fail(task, { on: failing!, reason: 'crashed' })
  // The clock stands at 1000.
  await database.db.updateTable('tasks').set({ node_faults: 1, not_before: 1001 }).execute()
  await database.db.updateTable('tasks').set({ not_before: 1000 }).where('id', '=', due).execute()
  expect((await look([failing!], { claims: 1 })).claimed).toEqual([due])
  const [other] = await connect({ services: 1, models: 1, name: 'another rig' })
  expect((await look([other!], { claims: 1 })).claimed).toEqual([held[0]])
})

it('keeps an image from where it has just failed, for so long, and from nowhere else', async () => {
  const [failing] = await connect({ services: 1, models: 1 })
  const task = await queue('idle 0')
  const next = await queue('idle 0')
  await fail(task, { on: failing!, reason: 'crashed' })
  // The clock stands at 1000.
  const holdUntil = (not_before: number) =>
    database.db.updateTable('tasks').set({ node_faults: 1, not_before }).where('id', '=', task).execute()
  await holdUntil(1001)
  expect((await look([{ ...failing!, free: 2 }], { claims: 1 })).claimed).toEqual([next])
  const [other] = await connect({ services: 1, models: 1, name: 'another rig' })
  const slots = [failing!, other!]
  expect((await look(slots, { claims: 2 })).places.toSorted()).toEqual(
    [failing!, other!].map((one) => one.serviceId).toSorted()
  )
  await holdUntil(1000)
  expect((await look([{ ...failing!, free: 2 }], { claims: 1 })).claimed).toEqual([next])
  await database.db.updateTable('providers').set({ online_until: 0 }).where('id', '=', other!.providerId).execute()
  expect((await look([{ ...failing!, free: 2 }], { claims: 2 })).claimed.toSorted()).toEqual([task, next].toSorted())
})

it('gives what a busy service holds ready to one that becomes idle, as soon as it does', async () => {
  const [busy] = await connect({ services: 1, models: 1, model: 'm', name: 'busy' })
  const [idle] = await connect({ services: 1, models: 1, model: 'm', name: 'idle' })
  await queue('m 0')
  let slots: ServiceSlots[] = [{ ...busy!, free: 0, running: 1, standby: 1 }]
  const claims: { serviceId: string; isStandby: boolean | undefined }[] = []
  const dispatcher = startDispatcher({
    database,
    providers: createProviderStore(database, loadConfig({}).offering),
    logger: silentLogger(),
    limits: { passesForLoadedModel: 8 },
    slots: { freeServices: () => slots, runningByUser: () => new Map() },
    requests: {
      releaseStandby: async () => false,
      claim: async (wanted) => {
        claims.push(...wanted.map(({ serviceId, isStandby }) => ({ serviceId, isStandby })))
        slots = []
        return wanted.map(() => ({}) as Assignment)
      }
    }
  })
  // Until it has looked and sleeps.
  for (let turn = 0; turn < 10; turn++) await nextTurn()
  slots = [idle!]
  database.bell.ring('tasks', PLACE_FREED)
  await dispatcher.close()
  expect(claims).toEqual([
    { serviceId: busy!.serviceId, isStandby: true },
    { serviceId: idle!.serviceId, isStandby: false }
  ])
})
