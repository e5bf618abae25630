import { loadConfig } from '../config/config.ts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { plansOf, wasteful } from '../../tests/support/query-plans.ts'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { createProviderStore } from '../providers/provider-store.ts'
import type { RequestState } from '../db/tables.ts'
import { listQueue } from './list-queue.ts'
import { shownState } from './queue-outlook.ts'
import type { RequestParts } from '../requests/request-parts.ts'

let rows: RequestRows
let parts: Pick<RequestParts, 'database' | 'providers' | 'limits'>

beforeAll(async () => {
  rows = await openRequestRows()
  const { offering, limits } = loadConfig({})
  parts = { database: rows.database, providers: createProviderStore(rows.database, offering), limits }
  for (const id of ['ann', 'bob']) await rows.addUser(id)
})

afterAll(() => rows.close())

afterEach(async () => {
  for (const table of ['tasks', 'requests'] as const) await rows.db.deleteFrom(table).execute()
})

let made = 0

interface Wanted {
  by?: string
  model?: string
  /** Of its first image; the others come right behind. */
  turn?: number
  /** Of its images. */
  states?: RequestState[]
  state?: RequestState
}

async function add(id: string, { by = 'ann', model = 'm', turn, states = ['queued'], state = 'queued' }: Wanted = {}) {
  const at = ++made
  await rows.addRequest(id, { user_id: by, model, state, created_at: at, n: states.length })
  for (const [position, of] of states.entries()) {
    const order_key = (turn ?? at) + position
    await rows.addTask(`${id} ${position}`, { request_id: id, position, state: of, order_key, queued_at: at })
  }
}

const queueOf = async (userId?: string, limit = 100) => {
  const queue = await listQueue(parts, { userId, limit })
  return { ...queue, ids: queue.views.map(({ request }) => request.id) }
}

describe('the queue', () => {
  it('has what runs before what waits, and that in the order of its turn', async () => {
    await add('third', { turn: 300 })
    await add('first', { turn: 100 })
    await add('older running', { state: 'running', states: ['running', 'queued'], turn: 900 })
    await add('second', { turn: 200 })
    await add('running', { state: 'running', states: ['succeeded', 'running'] })
    for (const state of ['succeeded', 'failed', 'canceled'] as const) await add(state, { state, states: [state] })
    const { ids, outlooks, more, waiting, running } = await queueOf('ann')
    expect(ids).toEqual(['older running', 'running', 'first', 'second', 'third'])
    const places = ids.map((id) => outlooks.get(id)?.position)
    expect(places).toEqual([4, undefined, 1, 2, 3])
    expect({ more, waiting, running }).toEqual({ more: false, waiting: 4, running: 2 })
  })

  it('has what was begun, and nobody makes or may make now, among what waits', async () => {
    await add('died', { state: 'running', states: ['succeeded', 'queued'], turn: 100 })
    await add('first', { turn: 50 })
    await add('second', { turn: 200 })
    await add('partly', { state: 'running', states: ['running', 'queued'], turn: 900 })
    const { views, ids, outlooks } = await queueOf('ann')
    expect(ids).toEqual(['partly', 'first', 'died', 'second'])
    expect(views.map((view) => shownState(view, outlooks.get(view.request.id)))).toEqual([
      'running',
      'queued',
      'queued',
      'queued'
    ])
    expect(outlooks.get('died')?.wait).toMatchObject({ reason: 'away' })
  })

  it("is one person's or everybody's; the totals are always everybody's", async () => {
    await add('one', { turn: 1, states: ['queued', 'queued'] })
    await add("bob's", { turn: 5, by: 'bob' })
    await add('two', { turn: 6 })
    expect(await queueOf('ann')).toMatchObject({ ids: ['one', 'two'], waiting: 4 })
    expect(await queueOf('bob')).toMatchObject({ ids: ["bob's"], waiting: 4 })
    expect(await queueOf('nobody')).toMatchObject({ ids: [], waiting: 4, running: 0, more: false })
    const { ids, outlooks } = await queueOf()
    expect(ids).toEqual(['one', "bob's", 'two'])
    expect(ids.map((id) => outlooks.get(id)?.position)).toEqual([1, 3, 4])
  })

  it('goes by the first image that waits', async () => {
    await add('partly', { turn: 1, states: ['failed', 'failed', 'queued', 'queued'] })
    await add('between', { turn: 2 })
    expect((await queueOf('ann')).ids).toEqual(['between', 'partly'])
  })

  it('of several models goes by the places in the queue of each', async () => {
    for (const turn of [1, 2, 3]) await add(`a${turn}`, { model: 'a', turn })
    for (const turn of [10, 20]) await add(`b${turn}`, { model: 'b', turn })
    expect((await queueOf('ann')).ids).toEqual(['a1', 'b10', 'a2', 'b20', 'a3'])
  })

  it('lists so many, those running and the first of each model, and says that there are more', async () => {
    await add('running', { state: 'running', states: ['running'] })
    for (const turn of [1, 2, 3]) await add(`a${turn}`, { model: 'a', turn })
    for (const turn of [1, 2, 3]) await add(`b${turn}`, { model: 'b', turn })
    const listed = async (limit: number) => {
      const { ids, more } = await queueOf('ann', limit)
      return [ids.join(' '), more]
    }
    expect(await listed(1)).toEqual(['running', true])
    expect(await listed(3)).toEqual(['running a1 b1', true])
    expect(await listed(6)).toEqual(['running a1 b1 a2 b2 a3', true])
    expect(await listed(7)).toEqual(['running a1 b1 a2 b2 a3 b3', false])
  })

  it.each([['ann'], [undefined]])('of %s is read without walking what it does not list', async (userId) => {
    await add('one')
    const plans = await plansOf(rows.db, (db) =>
      listQueue({ ...parts, database: { ...rows.database, db } }, { userId, limit: 10 })
    )
    const ofTasks = plans.filter((plan) => / tasks /.test(plan))
    expect(ofTasks.filter((plan) => plan.startsWith('SCAN'))).toEqual([])
    const next = plans.findIndex((plan) =>
      /\(state=\? AND model=\?\)|\(user_id=\? AND state=\? AND model=\?\)/.test(plan)
    )
    expect(next).toBeGreaterThan(-1)
    expect(wasteful(plans.slice(0, next + 3)).filter((plan) => !/LAST TERM/.test(plan))).toEqual([])
  })
})
