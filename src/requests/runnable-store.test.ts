import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { plansOf, wasteful } from '../../tests/support/query-plans.ts'
import type { Database, Db } from '../db/database.ts'
import { openSqliteDatabase } from '../db/sqlite-database.ts'
import type { ServiceAccess } from '../providers/provider-store.ts'
import { countAhead, countUnfinished, nextOrderKey } from './queue-store.ts'
import { TASK_CLASS } from './request-states.ts'
import { listRunnable, listWaitingModels, type RunnableFilter } from './runnable-store.ts'
import type { TaskRow } from './task-store.ts'

const MODEL = 'm'

let folder: string
let database: Database
let db: Db

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runnable-'))
  const onFatal = (error: unknown) => expect.fail(String(error))
  database = await openSqliteDatabase({ path: join(folder, 'test.sqlite'), clock: { now: () => 0 }, onFatal })
  db = database.db
  const users = ['owner', 'ann', 'bob'].map((id) => ({ id, email: `${id}@example.org` }))
  const rest = { name: 'u', role: 'member', created_at: 1, updated_at: 1 }
  await db
    .insertInto('users')
    .values(users.map((user) => ({ ...user, ...rest, email_verified: 1 })))
    .execute()
})

afterAll(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

beforeEach(async () => {
  for (const table of ['attempts', 'tasks', 'requests'] as const) await db.deleteFrom(table).execute()
})

let made = 0

/** A waiting task of its own request; its id is its name. */
async function add(name: string, change: Partial<TaskRow> = {}): Promise<void> {
  const user_id = change.user_id ?? 'ann'
  const at = ++made
  await db
    .insertInto('requests')
    .values({
      id: `req_${name}`,
      user_id,
      api_key_id: '',
      kind: 'generation',
      state: 'queued',
      is_async: 1,
      model: MODEL,
      prompt: '',
      parameters: '{}',
      n: 1,
      created_at: at,
      warnings: '[]'
    })
    .execute()
  await db
    .insertInto('tasks')
    .values({
      id: name,
      request_id: `req_${name}`,
      user_id,
      position: 0,
      state: 'queued',
      kind: 'generation',
      model: MODEL,
      needs: 'generate',
      routing: 'any',
      seed: 1,
      class: TASK_CLASS.async,
      order_key: at,
      queued_at: at,
      ...change
    })
    .execute()
}

const filterOf = (change: Partial<RunnableFilter> = {}): RunnableFilter => ({
  serviceId: 'svc',
  models: [MODEL],
  needsOf: () => ['generate', 'edit'],
  access: 'members',
  ownerId: 'owner',
  fromClass: 0,
  limit: 32,
  ...change
})

const runnable = async (change: Partial<RunnableFilter> = {}): Promise<string[]> =>
  (await listRunnable(db, filterOf(change))).map((task) => task.id)

describe('listRunnable', () => {
  it('gives what waits for the model, most urgent first', async () => {
    await add('late', { order_key: 100 })
    await add('batch', { class: TASK_CLASS.batch, order_key: -5 })
    await add('early', { order_key: 0, routing: 'prefer_own' })
    await add('second edit', { needs: 'edit', order_key: 7, queued_at: 2 })
    await add('first edit', { needs: 'edit', order_key: 7, queued_at: 1 })
    await add('urgent', { class: TASK_CLASS.interactive })
    for (const state of ['running', 'succeeded', 'failed', 'canceled'] as const) await add(state, { state })
    await add('elsewhere', { model: 'other' })
    await add('most urgent', { class: TASK_CLASS.interactive, order_key: 0 })
    expect(await runnable()).toEqual(['most urgent', 'urgent', 'early', 'first edit', 'second edit', 'late', 'batch'])
    expect(await runnable({ limit: 3 })).toEqual(['most urgent', 'urgent', 'early'])
    expect(await runnable({ fromClass: TASK_CLASS.batch })).toEqual(['batch'])
    expect(await runnable({ models: ['other', 'unknown'] })).toEqual(['elsewhere'])
    expect(await runnable({ models: [] })).toEqual([])
  })

  it('leaves out what the service cannot do', async () => {
    for (const needs of ['generate', 'edit', 'edit mask', 'variation']) await add(needs, { needs })
    expect(await runnable()).toEqual(['generate', 'edit'])
    expect(await runnable({ needsOf: () => ['variation'] })).toEqual(['variation'])
    expect(await runnable({ needsOf: () => [] })).toEqual([])
    expect(await runnable({ needsOf: () => [], access: 'private' })).toEqual([])
  })

  it.each<[ServiceAccess, string[]]>([
    ['members', ['ann any', 'ann prefer_own', 'bob any', 'owner any', 'owner prefer_own', 'owner only_own']],
    ['private', ['owner any', 'owner prefer_own', 'owner only_own']],
    [[], ['owner any', 'owner prefer_own', 'owner only_own']],
    [['nobody@example.org'], ['owner any', 'owner prefer_own', 'owner only_own']],
    [['Bob@Example.org'], ['bob any', 'owner any', 'owner prefer_own', 'owner only_own']],
    [
      ['ann@example.org', 'owner@example.org'],
      ['ann any', 'ann prefer_own', 'owner any', 'owner prefer_own', 'owner only_own']
    ]
  ])('open to %j gives %j', async (access, expected) => {
    for (const routing of ['any', 'prefer_own', 'only_own'] as const) {
      await add(`ann ${routing}`, { user_id: 'ann', routing })
      await add(`owner ${routing}`, { user_id: 'owner', routing })
    }
    await add('bob any', { user_id: 'bob' })
    await add('bob only_own', { user_id: 'bob', routing: 'only_own' })
    expect((await runnable({ access })).toSorted()).toEqual(expected.toSorted())
  })

  it('leaves out who has had their share of it', async () => {
    for (const user_id of ['ann', 'bob', 'owner']) await add(user_id, { user_id })
    expect(await runnable({ capped: { others: false, userIds: ['ann'] } })).toEqual(['owner', 'bob'])
    expect(await runnable({ capped: { others: true, userIds: [] } })).toEqual(['owner'])
    const access = ['ann@example.org', 'bob@example.org']
    expect(await runnable({ access, capped: { others: false, userIds: ['bob'] } })).toEqual(['owner', 'ann'])
    expect(await runnable({ access, capped: { others: true, userIds: [] } })).toEqual(['owner'])
  })

  it("has its owner's first, whatever their class and however many others wait", async () => {
    for (let i = 0; i < 5; i++) await add(`urgent ${i}`, { class: TASK_CLASS.interactive })
    await add('own batch', { user_id: 'owner', class: TASK_CLASS.batch })
    await add('own', { user_id: 'owner', class: TASK_CLASS.interactive, routing: 'prefer_own' })
    expect(await runnable({ limit: 2 })).toEqual(['own', 'own batch', 'urgent 0', 'urgent 1'])
    expect(await runnable({ fromClass: TASK_CLASS.async })).toEqual(['own', 'own batch'])
  })

  it('leaves out what timed out on this service since it was queued', async () => {
    for (const name of ['timed out', 'crashed', 'elsewhere', 'before'])
      await add(name, { node_faults: 1, queued_at: 100 })
    const attempt = (task_id: string, reason: string, change = {}) =>
      db
        .insertInto('attempts')
        .values({
          id: `att_${task_id}`,
          task_id,
          request_id: `req_${task_id}`,
          service_id: 'svc',
          provider_id: 'prv',
          epoch: 1,
          token_hash: '',
          state: 'failed',
          lease_until: 0,
          assigned_at: 100,
          reason,
          ...change
        })
        .execute()
    await attempt('timed out', 'timeout')
    await attempt('crashed', 'crashed')
    await attempt('elsewhere', 'timeout', { service_id: 'other' })
    await attempt('before', 'timeout', { assigned_at: 99 })
    expect(await runnable()).toEqual(['crashed', 'elsewhere', 'before'])
  })
})

describe('listWaitingModels', () => {
  it('gives each model that anything waits for once', async () => {
    expect(await listWaitingModels(db)).toEqual([])
    for (const name of ['a', 'b', 'c']) await add(`one ${name}`, { model: name })
    await add('another b', { model: 'b', class: TASK_CLASS.batch })
    await add('running', { model: 'd', state: 'running' })
    expect(await listWaitingModels(db)).toEqual(['a', 'b', 'c'])
  })

  it('reads no queue', async () => {
    await add('one')
    const plans = await plansOf(db, listWaitingModels)
    // What is scanned is the list of models itself.
    expect(wasteful(plans).filter((plan) => !/^SCAN waiting/.test(plan))).toEqual([])
    expect(plans.filter((plan) => /^SEARCH tasks USING COVERING INDEX/.test(plan))).toHaveLength(2)
  })
})

describe('with a long queue', () => {
  it.each<[string, Partial<RunnableFilter>, RegExp]>([
    ['members', {}, /tasks_by_lane \(state=\? AND model=\? AND needs=\? AND routing=\? AND class>\?\)/],
    ['its owner', { access: 'private' }, /tasks_by_user \(user_id=\? AND state=\? AND model=\? AND class>\?\)/],
    [
      'guests',
      { access: ['ann@example.org', 'bob@example.org'] },
      /tasks_by_user \(user_id=\? AND state=\? AND model=\? AND class>\?\)/
    ],
    ['members with caps', { capped: { others: false, userIds: ['ann'] } }, /tasks_by_lane/]
  ])('a service that is open to %s reads only what it may take', async (_whom, change, index) => {
    const plans = await plansOf(db, (recorded) => listRunnable(recorded, filterOf(change)))
    expect(wasteful(plans)).toEqual([])
    expect(plans.filter((plan) => index.test(plan)).length).toBeGreaterThan(0)
    const walked = plans.filter((plan) => /^SEARCH tasks/.test(plan))
    for (const plan of walked) expect(plan).toMatch(/tasks_by_(lane \(.*routing=\?|user \(user_id=\?).* AND class>\?\)/)
  })

  it('a place in it is found, and given, without reading past it', async () => {
    await add('one')
    const [task] = await listRunnable(db, filterOf())
    const place = { userId: 'ann', model: MODEL, taskClass: TASK_CLASS.async }
    const plans = await plansOf(db, async (recorded) => {
      await nextOrderKey(recorded as never, place)
      await nextOrderKey(recorded as never, { ...place, userId: 'bob' })
      await countAhead(recorded, MODEL, [task!])
      await countUnfinished(recorded, 'ann')
    })
    expect(wasteful(plans)).toEqual([])
    expect(plans).toHaveLength(5)
    expect(plans.at(-2)).toContain('(state=? AND model=? AND (class,order_key,queued_at)<(?,?,?))')
  })
})

describe('nextOrderKey', () => {
  const keyOf = (userId: string, change: { model?: string; taskClass?: number } = {}) =>
    db
      .transaction()
      .execute((trx) => nextOrderKey(trx, { userId, model: MODEL, taskClass: TASK_CLASS.async, ...change }))

  it("lies behind one's own, and level with the head of the others", async () => {
    expect(await keyOf('ann')).toBe(0)
    for (const key of [10, 11, 12]) await add(`ann ${key}`, { order_key: key })
    expect(await keyOf('ann')).toBe(13)
    expect(await keyOf('bob')).toBe(10)
    await add('bob 10', { user_id: 'bob', order_key: 10 })
    expect(await keyOf('bob')).toBe(11)
    expect(await keyOf('owner')).toBe(10)
  })

  it('is one for each model and class, and what no longer waits does not count', async () => {
    await add('waiting', { order_key: 5 })
    await add('running', { order_key: 3, state: 'running' })
    expect(await keyOf('bob')).toBe(5)
    expect(await keyOf('ann', { model: 'other' })).toBe(0)
    expect(await keyOf('ann', { taskClass: TASK_CLASS.batch })).toBe(0)
  })
})

describe('countAhead', () => {
  it('tells for several at once how many go before each', async () => {
    const keys = [
      ['a', TASK_CLASS.interactive, 9, 9],
      ['b', TASK_CLASS.async, 0, 5],
      ['c', TASK_CLASS.async, 0, 6],
      ['d', TASK_CLASS.async, 1, 1],
      ['e', TASK_CLASS.batch, -9, 0]
    ] as const
    for (const [name, taskClass, order_key, queued_at] of keys)
      await add(name, { class: taskClass, order_key, queued_at })
    await add('same as c', { class: TASK_CLASS.async, order_key: 0, queued_at: 6 })
    await add('running', { state: 'running', class: 0, order_key: 0 })
    await add('other model', { model: 'other', class: 0, order_key: 0 })
    const tasks = await db.selectFrom('tasks').selectAll().where('id', 'in', ['e', 'c', 'a', 'd', 'b']).execute()
    const ahead = await countAhead(db, MODEL, tasks)
    expect(Object.fromEntries(ahead)).toEqual({ a: 0, b: 1, c: 2, d: 4, e: 5 })
    for (const task of tasks) expect((await countAhead(db, MODEL, [task])).get(task.id)).toBe(ahead.get(task.id))
    expect(await countAhead(db, MODEL, [])).toEqual(new Map())
  })
})
