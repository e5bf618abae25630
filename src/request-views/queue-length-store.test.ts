import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MISCOUNTS } from '../../tests/support/find-miscounts.ts'
import { plansOf, wasteful } from '../../tests/support/query-plans.ts'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { createRandom, type Random } from '../../tests/support/seeded-random.ts'
import type { Db } from '../db/database.ts'
import { countUnfinished } from '../usage/unfinished-store.ts'
import { countAhead, countQueuedByModel, listHeldReady } from './queue-length-store.ts'
import { TASK_CLASS } from '../requests/request-states.ts'
import type { TaskRow } from '../requests/task-store.ts'

const MODEL = 'm'

let rows: RequestRows
let db: Db
beforeEach(async () => {
  rows = await openRequestRows()
  db = rows.db
  for (const user of ['ann', 'bob']) {
    await rows.addUser(user)
    await rows.addRequest(`of ${user}`, { user_id: user })
  }
})
afterEach(() => rows.close())

const pick = <T>(items: readonly T[], random: Random): T => items[random.below(items.length)]!

let made = 0
const add = (id: string, change: Partial<TaskRow> = {}) =>
  rows.addTask(id, { request_id: `of ${change.user_id ?? 'ann'}`, position: ++made, model: MODEL, ...change })

const listTasks = () => db.selectFrom('tasks').selectAll().where('state', '=', 'queued').execute()
const miscounts = async () => (await sql<{ wrong: string }>`${sql.raw(MISCOUNTS)}`.execute(db)).rows

/** As many as that of one person, one behind the other, in one statement. */
const addMany = (from: number, to: number) =>
  sql`insert into tasks (id, request_id, user_id, api_key_id, position, state, kind, model, needs, seed, class, order_key, queued_at)
    with recursive numbers(number) as (select ${from} union all select number + 1 from numbers where number < ${to - 1})
    select 'many ' || number, 'of ann', 'ann', '', 1000000 + number, 'queued', 'generation', ${MODEL}, 'generate', 1,
      ${TASK_CLASS.async}, number, number from numbers`.execute(db)

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

  it('tells of any place in any queue what counting one by one tells', async () => {
    const random = createRandom(3)
    for (let number = 0; number < 400; number++) {
      const edge = pick([-257, -256, -1, 0, 255, 256, 257, 511, 512, Number.MAX_SAFE_INTEGER], random)
      const order_key = random.below(2) === 0 ? edge : random.between(-700, 700)
      await add(`task ${number}`, {
        user_id: pick(['ann', 'bob'], random),
        class: random.below(3),
        order_key: Math.round(order_key),
        queued_at: random.below(9)
      })
    }
    const tasks = await listTasks()
    const before = (a: TaskRow, b: TaskRow) =>
      a.class - b.class || a.order_key - b.order_key || a.queued_at - b.queued_at
    const expected = tasks.map((task) => [task.id, tasks.filter((other) => before(other, task) < 0).length])
    expect(Object.fromEntries(await countAhead(db, MODEL, tasks))).toEqual(Object.fromEntries(expected))
    for (const userIds of [['ann'], ['bob', 'nobody'], ['ann', 'bob'], ['nobody']]) {
      const counted = tasks.filter((other) => userIds.includes(other.user_id))
      const ofThem = tasks.map((task) => [task.id, counted.filter((other) => before(other, task) < 0).length])
      expect(Object.fromEntries(await countAhead(db, MODEL, tasks, userIds))).toEqual(Object.fromEntries(ofThem))
    }
  })

  it('reads few rows of a long queue, for one place and for a page of them', { timeout: 30_000 }, async () => {
    await addMany(0, 20_000)
    const page = (await listTasks()).filter(({ order_key }) => order_key >= 19_900)
    const read: number[] = []
    const counting = db.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        read.push(result.rows.length)
        return result
      }
    })
    const ahead = await countAhead(counting, MODEL, page)
    expect(page.map(({ id, order_key }) => ahead.get(id) === order_key)).not.toContain(false)
    // Of 20,000 images: the range of all, 79 ranges of 256, and the keys of the two in which the page lies.
    expect(read.toSorted((a, b) => a - b)).toEqual([1, 32, 79, 256])
    const plans = await plansOf(db, async (recorded) => {
      await countAhead(recorded, MODEL, page.slice(-1))
      await listHeldReady(recorded, { model: MODEL, userIds: ['ann', 'bob'] })
      await countUnfinished(recorded, { userId: 'ann' })
      await countUnfinished(recorded, { userId: 'ann', keyId: '' })
    })
    expect(wasteful(plans)).toEqual([])
    expect(plans.filter((plan) => plan.includes('SCAN tasks'))).toEqual([])
    expect(plans.filter((plan) => plan.includes('tasks_by_'))).toEqual([])
    const ofPeople = await plansOf(db, async (recorded) => {
      await countAhead(recorded, MODEL, page.slice(-1), ['ann', 'bob'])
    })
    // Counted in an index, and no row of them read.
    expect(ofPeople.filter((plan) => !/COVERING INDEX tasks_by_user \(|order_key=\?|TEMP B-TREE/.test(plan))).toEqual(
      []
    )
  })
})

describe('what the database counts', () => {
  it('is right after any change of tasks', async () => {
    const random = createRandom(7)
    const states = ['queued', 'running', 'succeeded', 'failed', 'canceled'] as const
    const anyChange = () => ({
      state: pick(states, random),
      user_id: pick(['ann', 'bob'], random),
      api_key_id: pick(['key a', 'key b'], random),
      model: pick([MODEL, 'other'], random),
      class: random.below(3),
      order_key: pick([-300, -256, -1, 0, 255, 256, 9000], random)
    })
    for (let number = 0; number < 300; number++) {
      if (number % 3 === 0) await add(`task ${number}`, { ...anyChange(), user_id: 'ann' })
      const id = `task ${3 * random.below(100)}`
      if (number % 10 === 9) await db.deleteFrom('tasks').where('id', '=', id).execute()
      else await db.updateTable('tasks').set(anyChange()).where('id', '=', id).execute()
      if (number % 25 === 0) expect(await miscounts()).toEqual([])
    }
    expect(await miscounts()).toEqual([])
    const tasks = await db.selectFrom('tasks').selectAll().execute()
    const count = (of: Partial<TaskRow>) =>
      tasks.filter((task) => Object.entries(of).every(([name, value]) => task[name as keyof TaskRow] === value)).length
    const unfinished = (of: Partial<TaskRow> = {}) => ({
      queued: count({ ...of, state: 'queued' }),
      running: count({ ...of, state: 'running' })
    })
    expect(await countUnfinished(db)).toEqual(unfinished())
    expect(await countUnfinished(db, { userId: 'bob' })).toEqual(unfinished({ user_id: 'bob' }))
    const [userId, keyId] = ['ann', 'key b']
    expect(await countUnfinished(db, { userId, keyId })).toEqual(unfinished({ user_id: userId, api_key_id: keyId }))
    expect((await countQueuedByModel(db)).get('other')).toBe(count({ state: 'queued', model: 'other' }))

    await db.updateTable('tasks').set({ state: 'canceled' }).execute()
    expect(await countUnfinished(db)).toEqual({ queued: 0, running: 0 })
    for (const table of ['unfinished_images', 'queue_lengths'] as const)
      expect(await db.selectFrom(table).selectAll().execute()).toEqual([])
  })

  it('goes with a transaction that is undone', async () => {
    await add('stays')
    const undone = db.transaction().execute(async (trx) => {
      await trx.updateTable('tasks').set({ state: 'running' }).execute()
      expect(await countUnfinished(trx)).toEqual({ queued: 0, running: 1 })
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    expect(await countUnfinished(db)).toEqual({ queued: 1, running: 0 })
    expect(await miscounts()).toEqual([])
  })
})
