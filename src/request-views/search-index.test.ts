import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { noteStatementsUntilTheEnd } from '../../tests/support/note-statements.ts'
import { plansOf, wasteful } from '../../tests/support/query-plans.ts'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { indexSome } from '../requests/prompt-index-store.ts'
import { listAmong } from './prompt-search-store.ts'
import { searchIndex } from './search-index.ts'

const noteStatements = noteStatementsUntilTheEnd()
let rows: RequestRows

beforeEach(async () => {
  rows = await openRequestRows()
  await rows.addUser('ann')
})

afterEach(() => rows.close())

/** Adds so many requests of these prompts at once. */
const add = (name: string, count: number, prompt: string) =>
  sql`
    with recursive counted (i) as (select 1 union all select i + 1 from counted where i < ${count})
    insert into requests
      (id, user_id, api_key_id, kind, state, is_async, model, prompt, parameters, n, created_at, warnings)
    select ${name} || i, 'ann', '', 'generation', 'succeeded', 1, 'm', ${prompt}, '{}', 1, i, '[]' from counted`.execute(
    rows.db
  )

const everything = { created_at: 1e12, id: '' }
const search = async (...words: string[]) =>
  (await searchIndex(rows.db, { words, userId: 'ann', from: 0, after: everything, limit: 3, most: 50_000 }))?.found

describe('the index of prompts', () => {
  it('answers while few requests are not in it yet', async () => {
    await add('a', 5000, 'a fox')
    expect((await search('FOX'))?.map(({ id }) => id)).toEqual(['a5000', 'a4999', 'a4998'])
    await add('b', 1, 'a fox')
    expect(await search('FOX')).toBeUndefined()
    expect(await indexSome(rows.db, { prompts: 1, characters: 100 })).toBe(1)
    expect(await search('OWL')).toEqual([])
  })

  it('answers for words that are not too common', async () => {
    await add('a', 10_000, 'a fox')
    await add('b', 1, 'an owl')
    await indexSome(rows.db, { prompts: 20_000, characters: 1e6 })
    expect(await search('FOX')).toHaveLength(3)
    await add('c', 1, 'a fox')
    await indexSome(rows.db, { prompts: 20_000, characters: 1e6 })
    expect(await search('FOX')).toBeUndefined()
    expect(await search('FOX', 'OWL')).toEqual([])
    expect((await search('OWL'))?.map(({ id }) => id)).toEqual(['b1'])
  })

  it('reads the rows of those that it may want, and no others, whatever else is asked for', async () => {
    const filter = { userId: 'ann', states: ['failed' as const], model: 'm', kind: 'edit', providerId: 'p' }
    for (const states of [['failed' as const], ['queued' as const, 'running' as const], undefined]) {
      const plans = await plansOf(rows.db, (db) => listAmong(db, ['a', 'b', 'c'], { ...filter, states }))
      expect(plans[0]).toMatch(/^SEARCH requests USING INDEX sqlite_autoindex_requests_1 \(id=\?\)/)
      expect(wasteful(plans)).toEqual([])
    }
  })

  it('reads few long prompts before others get a turn, and no more than it may for one page', async () => {
    await add('a', 400, 'x'.repeat(5000))
    const wanted = { words: ['FOX'], userId: 'ann', from: 0, limit: 3, most: 2200 }
    const statements = noteStatements()
    const page = await searchIndex(rows.db, { ...wanted, after: everything })
    const read = statements.filter((text) => text.includes('"prompt"')).map((text) => text.split('?').length - 1)
    // Each costs as much as eleven others: 25 are read to find that out, then 22 at once, until 200 are read or a few more.
    expect(read.slice(0, 3)).toEqual([25, 22, 22])
    expect(page).toEqual({ found: [], reached: { created_at: 400 - 200, id: 'a200' } })
    expect(await searchIndex(rows.db, { ...wanted, after: { created_at: 200, id: 'a200' }, most: 2201 })).toEqual({
      found: []
    })
  })

  it('does not answer for words that are too short', async () => {
    await add('a', 1, 'an ox')
    expect(await search('OX')).toBeUndefined()
    expect(await search()).toBeUndefined()
  })
})
