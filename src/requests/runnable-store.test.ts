import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { plansOf, wasteful } from '../../tests/support/query-plans.ts'
import type { Database, Db } from '../db/database.ts'
import { nextOrderKey } from './queue-store.ts'
import { TASK_CLASS } from './request-states.ts'
import { listHeads, listLanes, listWaitingModels } from './runnable-store.ts'
import type { TaskRow } from './task-store.ts'
import { openTestDatabase } from '../../tests/support/open-test-database.ts'

const MODEL = 'm'

let database: Database
let db: Db

beforeAll(async () => {
  database = await openTestDatabase({ clock: { now: () => 0 } })
  db = database.db
  const users = ['owner', 'ann', 'bob', 'cid', 'dan'].map((id) => ({ id, email: `${id}@example.org` }))
  const rest = { name: 'u', role: 'member', created_at: 1, updated_at: 1 }
  await db
    .insertInto('users')
    .values(users.map((user) => ({ ...user, ...rest, email_verified: 1 })))
    .execute()
})

afterAll(async () => {
  await database.close()
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

const PAGE = { after: '', limit: 100 }

const lanesOf = async (...models: string[]) => (await listLanes(db, models)).map(({ id }) => id)

describe('listLanes', () => {
  it('gives the first image of each part of the queue that may go to the same places', async () => {
    await add('later', { order_key: 9 })
    await add('first', { order_key: 1 })
    await add('between', { order_key: 5 })
    const apart: Record<string, Partial<TaskRow>> = {
      bob: { user_id: 'bob' },
      urgent: { class: TASK_CLASS.interactive },
      edit: { needs: 'edit' },
      own: { routing: 'only_own' },
      failed: { node_faults: 1 },
      refused: { refusals: 1 },
      elsewhere: { model: 'other' }
    }
    for (const [name, change] of Object.entries(apart)) {
      await add(`${name} later`, { order_key: 1, queued_at: 900, ...change })
      await add(name, { order_key: 1, queued_at: 800, ...change })
    }
    for (const state of ['running', 'succeeded', 'failed', 'canceled'] as const) await add(`is ${state}`, { state })
    const here = ['bob', 'edit', 'failed', 'first', 'own', 'refused', 'urgent']
    expect((await lanesOf(MODEL)).toSorted()).toEqual(here)
    expect((await lanesOf(MODEL, 'unknown', 'other')).toSorted()).toEqual([...here, 'elsewhere'].toSorted())
    expect(await lanesOf()).toEqual([])
    expect((await listLanes(db, ['other']))[0]).toMatchObject({
      id: 'elsewhere',
      user_id: 'ann',
      model: 'other',
      class: TASK_CLASS.async,
      needs: 'generate',
      routing: 'any',
      node_faults: 0,
      refusals: 0,
      held: 0,
      order_key: 1,
      queued_at: 800,
      request_id: 'req_elsewhere',
      not_before: 0
    })
  })

  it('says of which lanes the first image is all there is', async () => {
    await add('first of two', { user_id: 'cid' })
    await add('second of two', { user_id: 'cid' })
    await add('only one', { user_id: 'dan' })
    const lanes = await listLanes(db, [MODEL])
    const aloneOf = (user: string) => lanes.filter(({ user_id }) => user_id === user).map(({ is_alone }) => is_alone)
    expect([aloneOf('cid'), aloneOf('dan')]).toEqual([[0], [1]])
  })

  it('jumps over images that wait at the last place there is', async () => {
    await add('first', { order_key: Number.MAX_SAFE_INTEGER - 1 })
    await add('last', { order_key: Number.MAX_SAFE_INTEGER })
    await add('bob', { user_id: 'bob' })
    expect(await lanesOf(MODEL)).toEqual(['first', 'bob'])
  })
})

describe('listHeads', () => {
  it('gives the first images of each lane at once', async () => {
    for (const key of [3, 1, 2]) await add(`ann ${key}`, { order_key: key })
    await add('ann 1 later', { order_key: 1, queued_at: 1000 })
    for (const key of [2, 1]) await add(`edit ${key}`, { order_key: key, needs: 'edit' })
    await add('bob', { user_id: 'bob' })
    const lanes = (await listLanes(db, [MODEL])).filter(({ user_id }) => user_id === 'ann')
    const heads = async (limit: number) =>
      [...(await listHeads(db, { lanes, limit })).values()]
        .map((tasks) => tasks.map(({ id }) => id).toSorted())
        .toSorted()
    expect(await heads(2)).toEqual([
      ['ann 1', 'ann 1 later'],
      ['edit 1', 'edit 2']
    ])
    expect(await heads(9)).toEqual([
      ['ann 1', 'ann 1 later', 'ann 2', 'ann 3'],
      ['edit 1', 'edit 2']
    ])
  })
})

describe('listWaitingModels', () => {
  it('gives each model that anything waits for once', async () => {
    expect(await listWaitingModels(db, PAGE)).toEqual([])
    for (const name of ['a', 'b', 'c']) await add(`one ${name}`, { model: name })
    await add('another b', { model: 'b', class: TASK_CLASS.batch })
    await add('running', { model: 'd', state: 'running' })
    expect(await listWaitingModels(db, PAGE)).toEqual(['a', 'b', 'c'])
    expect(await listWaitingModels(db, { after: 'a', limit: 1 })).toEqual(['b'])
    expect(await listWaitingModels(db, { after: 'c', limit: 1 })).toEqual([])
  })

  it('reads no queue', async () => {
    await add('one')
    const plans = await plansOf(db, (recorded) => listWaitingModels(recorded, PAGE))
    // What is scanned is the list of models itself.
    expect(wasteful(plans).filter((plan) => !/^SCAN waiting/.test(plan))).toEqual([])
    expect(plans.filter((plan) => /^SEARCH tasks USING COVERING INDEX/.test(plan))).toHaveLength(2)
  })
})

describe('with a long queue', () => {
  it('lanes and their heads are found without reading past them', async () => {
    await add('one')
    const plans = await plansOf(db, async (recorded) => {
      const lanes = await listLanes(recorded, [MODEL, 'other'])
      await listHeads(recorded, { lanes, limit: 32 })
    })
    // What is scanned is the list of lanes itself.
    expect(wasteful(plans).filter((plan) => !/^SCAN (asked|lanes|2 CONSTANT ROWS)$/.test(plan))).toEqual([])
    const lane = 'user_id,class,needs,routing,node_faults,refusals,held'
    const searched = plans.filter((plan) => /^SEARCH tasks/.test(plan))
    expect(searched).toEqual([
      'SEARCH tasks USING INDEX tasks_by_lane (model=?)',
      `SEARCH tasks USING INDEX tasks_by_lane (model=? AND (${lane},order_key)>(?,?,?,?,?,?,?,?))`,
      // Whether there is a second one, and the first ones.
      ...Array(2).fill(`SEARCH tasks USING INDEX tasks_by_lane (model=? AND ${lane.replaceAll(',', '=? AND ')}=?)`)
    ])
  })

  it('the next lane is a jump away, not a walk', async () => {
    await add('bob', { user_id: 'bob' })
    await add('ann')
    // The best of many tries is what the query takes; the others are what else the machine did.
    const took = async () => {
      let least = Infinity
      for (let tries = 0; tries < 30; tries++) {
        const began = performance.now()
        expect(await listLanes(db, [MODEL])).toHaveLength(2)
        least = Math.min(least, performance.now() - began)
      }
      return least
    }
    const short = await took()
    const task = await db.selectFrom('tasks').selectAll().where('id', '=', 'ann').executeTakeFirstOrThrow()
    for (let from = 1; from <= 20_000; from += 1000) {
      const more = Array.from({ length: 1000 }, (_, index) => from + index)
      await db
        .insertInto('tasks')
        .values(more.map((at) => ({ ...task, id: `ann ${at}`, position: at, order_key: at + 1000 })))
        .execute()
    }
    // Walking so many takes a hundred times as long.
    expect(await took()).toBeLessThan(10 * short)
  })

  it('a place in it is found, and given, without reading past it', async () => {
    await add('one')
    const place = { userId: 'ann', model: MODEL, taskClass: TASK_CLASS.async }
    const plans = await plansOf(db, async (recorded) => {
      for (const userId of ['ann', 'bob']) {
        await recorded.selectNoFrom(nextOrderKey({ ...place, userId, ahead: 0 }).as('key')).execute()
      }
    })
    expect(wasteful(plans).filter((plan) => plan !== 'SCAN CONSTANT ROW')).toEqual([])
    expect(plans.filter((plan) => /^SEARCH tasks/.test(plan))).toHaveLength(4)
  })
})

describe('nextOrderKey', () => {
  const keyOf = async (userId: string, change: { model?: string; taskClass?: number } = {}) => {
    const place = { userId, model: MODEL, taskClass: TASK_CLASS.async, ...change }
    return (await db.selectNoFrom(nextOrderKey({ ...place, ahead: 0 }).as('key')).executeTakeFirst())?.key
  }

  it("lies behind one's own, and level with the head of the others", async () => {
    expect(await keyOf('ann')).toBe(0)
    for (const key of [10, 11, 12]) await add(`ann ${key}`, { order_key: key, cost: 105 })
    expect(await keyOf('ann')).toBe(12 + 105)
    expect(await keyOf('bob')).toBe(10)
    await add('bob 10', { user_id: 'bob', order_key: 10, cost: 105 })
    expect(await keyOf('bob')).toBe(10 + 105)
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
