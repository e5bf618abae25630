import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { plansOf } from '../../tests/support/query-plans.ts'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { inIndex } from '../db/prompt-index.ts'
import { gramsOf, searchWords } from '../lib/match-words.ts'
import { deleteRequestRows } from './request-store.ts'
import { forgetPrompts, indexPrompts } from './index-prompts.ts'
import { countRemoved, indexSome, mergeSome, noteForgotten } from './prompt-index-store.ts'

const goOn = new AbortController().signal

let rows: RequestRows

beforeEach(async () => {
  rows = await openRequestRows()
  for (const id of ['ann', 'bob']) await rows.addUser(id)
})

afterEach(() => rows.close())

/** The ids the index answers with, by itself. */
async function ask(query: string, userId?: string): Promise<string[]> {
  const grams = gramsOf(searchWords(query))
  const found = await rows.db
    .selectFrom('requests')
    .select('id')
    .where('search_doc', 'in', inIndex({ grams, userId }))
    .orderBy('id')
    .execute()
  return found.map(({ id }) => id)
}

/** All that the index's files hold, as bytes in Latin-1. */
async function readFiles(): Promise<string> {
  const { rows: blocks } = await sql<{ block: Uint8Array }>`select block from prompt_index_data`.execute(rows.db)
  return blocks.map(({ block }) => Buffer.from(block).toString('latin1')).join('\n')
}

/** Numbers that the index has by itself, whether or not a request does. */
async function countMatches(gram: string): Promise<number> {
  const { rows: found } = await sql<{ n: number }>`
    select count(*) as n from prompt_index where prompt_index match ${`"${gram}"`}`.execute(rows.db)
  return Number(found[0]?.n)
}

describe('prompts', () => {
  it('are found by what they hold, of somebody or of anybody', async () => {
    await rows.addRequest('r1', { user_id: 'ann', prompt: 'A red Fox' })
    await rows.addRequest('r2', { user_id: 'bob', prompt: 'foxes, Straße' })
    await rows.addRequest('r3', { user_id: 'bob', prompt: '赤い狐 🦊' })
    await indexPrompts(rows, goOn)
    expect(await ask('FOX')).toEqual(['r1', 'r2'])
    expect(await ask('fox', 'ann')).toEqual(['r1'])
    expect(await ask('fox', 'nobody')).toEqual([])
    expect(await ask('fox red')).toEqual(['r1'])
    expect(await ask('strasse')).toEqual(['r2'])
    expect(await ask('狐')).toEqual(['r3'])
    expect(await ask('🦊')).toEqual(['r3'])
  })

  it.each([
    '"',
    '"" OR owner',
    'fox" OR "owl',
    'NEAR(fox owl)',
    'owner:fox',
    '-fox',
    'fox*',
    '^fox',
    '{prompt}',
    'a\0b',
    "'; --",
    '!?!',
    '\ud83d lone',
    'long'.repeat(8000)
  ])('are asked for %j as for any text', async (text) => {
    await rows.addRequest('r1', { user_id: 'ann', prompt: 'a fox, an owl' })
    await rows.addRequest('r2', { user_id: 'ann', prompt: `all of ${text} and more` })
    await indexPrompts(rows, goOn)
    if (gramsOf(searchWords(text)).length > 0) expect(await ask(text)).toEqual(['r2'])
  })

  it('are put into the index in portions, whatever their length', async () => {
    for (let index = 0; index < 5; index++)
      await rows.addRequest(`r${index}`, { user_id: 'ann', prompt: 'x'.repeat(100) })
    expect(await indexSome(rows.db, { prompts: 2, characters: 1000 })).toBe(2)
    expect(await indexSome(rows.db, { prompts: 2, characters: 99 })).toBe(1)
    expect(await indexSome(rows.db, { prompts: 9, characters: 199 })).toBe(1)
    expect(await indexSome(rows.db, { prompts: 9, characters: 200 })).toBe(1)
    expect(await indexSome(rows.db, { prompts: 9, characters: 200 })).toBe(0)
  })

  it('go in next to those of the same person, and again after they have changed', async () => {
    await rows.addRequest('r1', { user_id: 'ann', prompt: 'a fox' })
    await indexPrompts(rows, goOn)
    await rows.addRequest('r2', { user_id: 'bob', prompt: 'a fox' })
    await rows.addRequest('r3', { user_id: 'ann', prompt: 'a fox' })
    await indexPrompts(rows, goOn)
    const docs = await rows.db.selectFrom('requests').select(['id', 'search_doc']).orderBy('search_doc').execute()
    const [first = 0] = docs.flatMap(({ id, search_doc }) => (id === 'r1' ? [search_doc ?? 0] : []))
    expect(docs.find(({ id }) => id === 'r3')?.search_doc).toBe(first + 1)
    await rows.db.updateTable('requests').set({ prompt: 'an owl' }).where('id', '=', 'r1').execute()
    expect(await ask('fox')).toEqual(['r2', 'r3'])
    await indexPrompts(rows, goOn)
    expect(await ask('fox')).toEqual(['r2', 'r3'])
    expect(await ask('owl')).toEqual(['r1'])
  })

  it('are asked for along the numbers of the index, without a walk through the requests', async () => {
    const plans = await plansOf(rows.db, (db) =>
      db
        .selectFrom('requests')
        .select(['created_at', 'id'])
        .where('search_doc', 'in', inIndex({ grams: ['FOX'], userId: 'ann' }))
        .execute()
    )
    expect(plans.join('\n')).toMatch(/SEARCH requests USING COVERING INDEX requests_by_search_doc \(search_doc=\?\)/)
    const due = await plansOf(rows.db, (db) => indexSome(db, { prompts: 1, characters: 1 }))
    expect(due[0]).toMatch(/USING INDEX requests_not_in_index/)
  })
})

describe('a request that is gone', () => {
  it('is gone from the index with its row, and from its files when they are written anew', async () => {
    for (let index = 0; index < 120; index++) {
      const prompt = index === 60 ? 'a most private qzvkw' : 'a fox in the snow'
      await rows.addRequest(`r${String(index).padStart(3, '0')}`, { user_id: 'ann', prompt })
    }
    await indexPrompts(rows, goOn)
    expect(await ask('qzvkw')).toEqual(['r060'])
    await rows.db.transaction().execute((trx) => deleteRequestRows(trx, ['r060']))
    expect(await countMatches('QZV')).toBe(0)
    expect(await countRemoved(rows.db)).toBe(1)
    await forgetPrompts(rows, goOn)
    expect(await countRemoved(rows.db)).toBe(0)
    expect(await readFiles()).not.toMatch(/QZV|ZVK|VKW/)
    expect(await ask('snow')).toHaveLength(119)
  })

  it('was in the files until then, which shows that the test above can see it', async () => {
    await rows.addRequest('r1', { user_id: 'ann', prompt: 'QQQ' })
    await indexPrompts(rows, goOn)
    expect(await readFiles()).toContain('QQQ')
  })

  it('is forgotten after a stop in the middle, too', async () => {
    await rows.addRequest('r1', { user_id: 'ann', prompt: 'QQQ' })
    await rows.addRequest('r2', { user_id: 'ann', prompt: 'a fox' })
    await indexPrompts(rows, goOn)
    await rows.db.deleteFrom('requests').where('id', '=', 'r1').execute()
    await forgetPrompts(rows, AbortSignal.abort())
    await mergeSome(rows.db, { pages: 1, whole: true })
    await forgetPrompts(rows, goOn)
    expect(await countRemoved(rows.db)).toBe(0)
    expect(await readFiles()).not.toContain('QQQ')
    expect(await ask('fox')).toEqual(['r2'])
  })

  it('counts once, also when two gateways forget it, and until nothing was removed meanwhile', async () => {
    for (const id of ['r1', 'r2', 'r3']) await rows.addRequest(id, { user_id: 'ann', prompt: 'a fox' })
    await indexPrompts(rows, goOn)
    await rows.db.deleteFrom('requests').where('id', '=', 'r1').execute()
    for (let process = 0; process < 2; process++) await noteForgotten(rows.db, 1)
    expect(await countRemoved(rows.db)).toBe(0)
    await rows.db.deleteFrom('requests').where('id', '=', 'r2').execute()
    const counted = await countRemoved(rows.db)
    await rows.db.deleteFrom('requests').where('id', '=', 'r3').execute()
    await noteForgotten(rows.db, counted)
    expect(await countRemoved(rows.db)).toBeGreaterThan(0)
  })

  it('that was in no index yet counts for nothing', async () => {
    await rows.addRequest('r1', { user_id: 'ann', prompt: 'a fox' })
    await rows.db.deleteFrom('requests').where('id', '=', 'r1').execute()
    expect(await countRemoved(rows.db)).toBe(0)
  })
})
