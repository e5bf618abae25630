import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plansOf, wasteful } from '../../tests/support/query-plans.ts'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import type { RequestState } from '../db/tables.ts'
import { createRandom } from '../engines/demo/random.ts'
import { hasWords, searchWords } from '../lib/match-words.ts'
import { indexSome } from '../requests/prompt-index-store.ts'
import type { RequestKey } from './request-search-store.ts'
import { type RequestSearch, type SearchBounds, searchRequests } from './search-requests.ts'

const STATES = ['queued', 'running', 'succeeded', 'failed', 'canceled'] as const
const WORDS = ['Fox', 'owl', 'ÄPFEL', 'лиса', '100%']
const REQUESTS = 250

interface Made extends RequestKey {
  user_id: string
  state: RequestState
  model: string
  kind: string
  prompt: string
  providerIds: string[]
}

let rows: RequestRows
const all: Made[] = []

beforeAll(async () => {
  rows = await openRequestRows()
  for (const id of ['ann', 'bob']) await rows.addUser(id)
  for (const id of ['p1', 'p2']) await rows.addProvider(id, { owner_id: 'ann' })
  const random = createRandom(1)
  for (let index = 0; index < REQUESTS; index++) {
    const made: Made = {
      id: `req_${random.whole(0, 1e9)}_${index}`,
      user_id: random.chance(0.7) ? 'ann' : 'bob',
      // Many in the same millisecond, as those of a batch are.
      created_at: 1000 + Math.floor(index / 7),
      state: random.pick(STATES),
      model: random.pick(['m1', 'm2', 'm3']),
      kind: random.pick(['generation', 'edit']),
      prompt: `a ${WORDS.filter(() => random.chance(0.3)).join(' ')}`,
      providerIds: ['p1', 'p2'].filter(() => random.chance(0.4))
    }
    all.push(made)
    const { providerIds, ...request } = made
    await rows.addRequest(made.id, request)
    await rows.addTask(`task of ${made.id}`, { request_id: made.id })
    for (const provider_id of providerIds) {
      const attempt = { provider_id, task_id: `task of ${made.id}`, request_id: made.id }
      await rows.addAttempt(`${provider_id} of ${made.id}`, attempt)
    }
  }
  all.sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1))
})

afterAll(() => rows.close())

type Search = Omit<RequestSearch, 'limit'>

/** What the search has to find, by looking at everything. */
const wanted = (search: Search): string[] =>
  all
    .filter((one) => search.userId === undefined || one.user_id === search.userId)
    .filter((one) => search.states === undefined || search.states.includes(one.state))
    .filter((one) => search.model === undefined || one.model === search.model)
    .filter((one) => search.kind === undefined || one.kind === search.kind)
    .filter((one) => search.providerId === undefined || one.providerIds.includes(search.providerId))
    .filter((one) => one.created_at >= (search.from ?? 0) && one.created_at <= (search.to ?? Infinity))
    .filter((one) => hasWords(one.prompt, search.words ?? []))
    .map((one) => one.id)

/** Out of the index, as requests of before an upgrade are. */
const putOut = async () => {
  await rows.db
    .updateTable('requests')
    .set((e) => ({ prompt: e.ref('prompt') }))
    .where('search_doc', 'is not', null)
    .execute()
}

const idsOf = (page: Awaited<ReturnType<typeof searchRequests>>) => page.views.map(({ request }) => request.id)

/** Every page to the end. */
async function pagesOf(search: Search, limit: number, bounds?: SearchBounds): Promise<string[][]> {
  const pages: string[][] = []
  let after: RequestKey | undefined
  do {
    const page = await searchRequests(rows, { ...search, after, limit }, bounds)
    pages.push(idsOf(page))
    after = page.next
  } while (after && pages.length < REQUESTS + 10)
  return pages
}

const filters: [string, Search][] = [
  ['nothing', {}],
  ['a person', { userId: 'ann' }],
  ['somebody unknown', { userId: 'nobody' }],
  ['a state', { userId: 'ann', states: ['failed'] }],
  ['two states', { userId: 'ann', states: ['queued', 'running'] }],
  ['a model', { userId: 'ann', model: 'm1' }],
  ['an unknown model', { userId: 'ann', model: 'm' }],
  ['a kind', { userId: 'ann', kind: 'edit' }],
  ['a provider', { userId: 'ann', providerId: 'p1' }],
  ['a time', { userId: 'ann', from: 1010, to: 1050 }],
  ['one millisecond', { userId: 'ann', from: 1010, to: 1010 }],
  ['no time', { userId: 'ann', from: 1011, to: 1010 }],
  ['a word', { userId: 'ann', words: searchWords('fox') }],
  ['words', { userId: 'ann', words: searchWords('äpfel ЛИСА 100%') }],
  ['a word nobody used', { userId: 'ann', words: searchWords('zebra') }],
  ['a model and a state', { model: 'm2', states: ['succeeded'] }],
  ['a model and two states', { userId: 'bob', model: 'm2', states: ['queued', 'running'] }],
  [
    'everything',
    {
      userId: 'ann',
      states: ['queued', 'running'],
      model: 'm3',
      kind: 'generation',
      providerId: 'p2',
      from: 1005,
      to: 1080,
      words: searchWords('owl')
    }
  ]
]

describe('a search by', () => {
  it.each(filters)('%s gives all of it in order, on one page or on many', async (_what, search) => {
    const expected = wanted(search)
    const [whole, ...more] = await pagesOf(search, REQUESTS)
    expect(whole).toEqual(expected)
    expect(more).toEqual([])
    const pages = await pagesOf(search, 7)
    expect(pages.flat()).toEqual(expected)
    expect(pages).toHaveLength(Math.max(1, Math.ceil(expected.length / 7)))
  })

  it.each(filters)('%s gives the same however little it may look at', async (_what, search) => {
    for (const bounds of [
      { slice: 1, first: 1, most: 1 },
      { slice: 3, first: Infinity, most: 10 },
      { slice: 100, first: 100, most: 100 }
    ]) {
      expect((await pagesOf(search, 5, bounds)).flat()).toEqual(wanted(search))
    }
  })

  it.each(filters)('%s gives the same whatever of it is in the index of prompts', async (_what, search) => {
    const bounds = { slice: 5, first: 5, most: 50_000 }
    for (const indexed of [0, 1, 100, REQUESTS]) {
      await putOut()
      await indexSome(rows.db, { prompts: indexed, characters: 1e6 })
      expect((await pagesOf(search, 7, bounds)).flat()).toEqual(wanted(search))
    }
    await putOut()
  })

  it('knows enough of the rows it is tested with', () => {
    const sizes = Object.fromEntries(filters.map(([name, search]) => [name, wanted(search).length]))
    expect(sizes).toMatchObject({ 'somebody unknown': 0, 'an unknown model': 0, 'no time': 0, 'a word nobody used': 0 })
    expect(Object.values(sizes).filter((size) => size === 0)).toHaveLength(4)
  })
})

describe('a page', () => {
  const page = (search: Search, limit: number, bounds?: SearchBounds) =>
    searchRequests(rows, { userId: 'ann', ...search, limit }, bounds)

  it('is short, or empty, when enough was looked at, and the next goes on from there', async () => {
    const search = { words: searchWords('zebra') }
    const empty = await page(search, 5, { slice: 10, first: Infinity, most: 100 })
    expect(empty.views).toEqual([])
    expect(empty.next).toEqual({ created_at: expect.any(Number), id: wanted({ userId: 'ann' })[99] })
    const [first] = wanted({ userId: 'ann', kind: 'edit' })
    const short = await page({ kind: 'edit' }, 50, { slice: 5, first: Infinity, most: 5 })
    expect(short.views.length).toBeLessThan(6)
    expect(idsOf(short)[0]).toBe(first)
    expect(short.next?.id).toBe(wanted({ userId: 'ann' })[4])
  })

  it('counts a long prompt for many short ones', async () => {
    await rows.addUser('cem')
    for (let index = 0; index < 20; index++) {
      await rows.addRequest(`req_long_${index}`, { user_id: 'cem', created_at: index, prompt: 'fox '.repeat(5000) })
    }
    const looked = await page({ userId: 'cem', words: ['ZEBRA'] }, 5, { slice: 1, first: Infinity, most: 200 })
    expect(looked.next).toEqual({ created_at: 15, id: 'req_long_15' })
    await rows.db.deleteFrom('requests').where('user_id', '=', 'cem').execute()
  })

  it('is the last one when exactly as many were left', async () => {
    const { length } = wanted({ userId: 'ann' })
    expect((await page({}, length)).next).toBeUndefined()
    expect((await page({}, length - 1)).next).toBeDefined()
    const edits = wanted({ userId: 'ann', kind: 'edit' }).length
    expect((await page({ kind: 'edit' }, edits)).next).toBeUndefined()
  })

  it('repeats and leaves out nothing while others are made and deleted', async () => {
    const expected = wanted({ userId: 'bob' })
    const found: string[] = []
    let after: RequestKey | undefined
    for (let round = 0; round === 0 || after; round++) {
      const { views, next } = await searchRequests(rows, { userId: 'bob', after, limit: 10 })
      found.push(...views.map(({ request }) => request.id))
      after = next
      await rows.addRequest(`req_newer_${round}`, { user_id: 'bob', created_at: 5000 + round })
      // Where the page ended is found again without what stood there.
      const last = found.at(-1) ?? ''
      await rows.db.updateTable('requests').set({ user_id: 'ann' }).where('id', '=', last).execute()
    }
    expect(found).toEqual(expected)
    await rows.db.deleteFrom('requests').where('id', 'like', 'req_newer_%').execute()
    const bobs = found.filter((_, index) => index % 10 === 9 || index === found.length - 1)
    await rows.db.updateTable('requests').set({ user_id: 'bob' }).where('id', 'in', bobs).execute()
  })

  it('lets others work between the slices', async () => {
    let turns = 0
    let isOver = false
    const others = (async () => {
      while (!isOver) {
        await nextTurn()
        turns += 1
      }
    })()
    await page({ words: searchWords('zebra') }, 5, { slice: 20, first: Infinity, most: 1000 })
    isOver = true
    await others
    expect(turns).toBeGreaterThan(5)
  })
})

describe('with many requests', () => {
  it.each(filters)('a search by %s walks along an index and sorts nothing', async (_what, search) => {
    // Finds nothing, because what is read of the few requests of a page may be sorted.
    const nothing = { ...search, from: 1e9, to: 2e9, limit: 5 }
    const plans = await plansOf(rows.db, (db) => searchRequests({ database: { ...rows.database, db } }, nothing))
    const walks = plans.filter((plan) => /^(SEARCH|SCAN) requests/.test(plan))
    expect(walks.length).toBeGreaterThan(1)
    const range = '(created_at,id)>(?,?) AND (created_at,id)<(?,?))'
    expect(walks.filter((walk) => !walk.startsWith('SEARCH') || !walk.endsWith(range))).toEqual([])
    expect(wasteful(plans).filter((plan) => plan !== 'SCAN slice')).toEqual([])
  })

  it('takes the index that knows most', async () => {
    const indexFor = async (search: Search) => {
      const plans = await plansOf(rows.db, (db) =>
        searchRequests({ database: { ...rows.database, db } }, { ...search, limit: 5 })
      )
      return [...new Set(plans.flatMap((plan) => /requests_by\w+/.exec(plan)?.[0] ?? []))]
    }
    expect(await indexFor({})).toEqual(['requests_by_time'])
    expect(await indexFor({ userId: 'ann' })).toEqual(['requests_by_user'])
    expect(await indexFor({ userId: 'ann', states: ['failed'] })).toEqual(['requests_by_user_state'])
    expect(await indexFor({ userId: 'ann', model: 'm1' })).toEqual(['requests_by_user_model'])
    expect(await indexFor({ userId: 'ann', model: 'm1', states: ['failed'] })).toEqual(['requests_by_user_model'])
    expect(await indexFor({ states: ['failed'] })).toEqual(['requests_by_state'])
    expect(await indexFor({ model: 'm1', states: ['failed'] })).toEqual(['requests_by_model'])
    const sifted = { kind: 'edit', providerId: 'p1', words: ['FOX'] }
    expect(await indexFor({ userId: 'ann', ...sifted })).toEqual(['requests_by_user'])
  })
})
