import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { noteStatementsUntilTheEnd } from '../../tests/support/note-statements.ts'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { silentLogger } from '../lib/logger.ts'
import { cancelRequests } from './cancel-request.ts'
import { eraseRequests } from './erase-requests.ts'
import type { RequestParts } from './request-parts.ts'

const noteStatements = noteStatementsUntilTheEnd()
const goOn = new AbortController().signal

let rows: RequestRows
const removed: (readonly string[])[] = []
let parts: Pick<RequestParts, 'database' | 'assets' | 'logger'>

beforeEach(async () => {
  rows = await openRequestRows()
  for (const id of ['ann', 'bob']) await rows.addUser(id)
  removed.length = 0
  const remove = async (keys: readonly string[]) => void removed.push(keys)
  parts = { database: rows.database, logger: silentLogger(), assets: { remove } as RequestParts['assets'] }
})

afterEach(() => rows.close())

const add = async (id: string, state: 'queued' | 'succeeded', userId = 'ann') => {
  await rows.addRequest(id, { user_id: userId, state, prompt: 'a fox' })
  await rows.addTask(`task of ${id}`, { request_id: id })
  if (state === 'succeeded') await rows.addAsset(`image of ${id}`, { request_id: id })
}

const countRequests = async (userId: string) =>
  (await rows.db.selectFrom('requests').select('id').where('user_id', '=', userId).execute()).length

describe('what somebody asked for', () => {
  it('is canceled and removed in few transactions of few requests each, and their bytes together', async () => {
    for (let index = 0; index < 41; index++) await add(`waits ${index}`, 'queued')
    for (let index = 0; index < 4; index++) await add(`ended ${index}`, 'succeeded')
    await add('of bob', 'queued', 'bob')
    const statements = noteStatements()
    await eraseRequests(parts, { userId: 'ann', signal: goOn })
    const asked = statements.splice(0)
    // 41 are canceled, 45 removed, at most twenty in one transaction.
    expect(asked.filter((sql) => sql.startsWith('begin'))).toHaveLength(3 + 3)
    const ended = asked.filter((sql) => sql.startsWith('update "requests" set "state"'))
    expect(ended).toHaveLength(41)
    expect(await countRequests('ann')).toBe(0)
    expect(await countRequests('bob')).toBe(1)
    expect(removed.flat()).toHaveLength(4)
    expect(removed.length).toBeLessThanOrEqual(3)
  })

  it('goes on after a stop where it was', async () => {
    for (let index = 0; index < 25; index++) await add(`ended ${index}`, 'succeeded')
    const dying = new AbortController()
    const remove = async () => dying.abort()
    const assets = { remove } as unknown as RequestParts['assets']
    await eraseRequests({ ...parts, assets }, { userId: 'ann', signal: dying.signal })
    expect(await countRequests('ann')).toBe(5)
    await eraseRequests(parts, { userId: 'ann', signal: goOn })
    expect(await countRequests('ann')).toBe(0)
  })
})

describe('requests that are canceled together', () => {
  it('end with their images, but for those that have ended', async () => {
    await add('a', 'queued')
    await add('b', 'succeeded')
    await add('c', 'queued')
    expect(await cancelRequests(parts, ['c', 'b', 'a', 'none'])).toEqual(new Set(['c', 'a']))
    const states = await rows.db.selectFrom('requests').select(['id', 'state']).orderBy('id').execute()
    expect(states.map(({ state }) => state)).toEqual(['canceled', 'succeeded', 'canceled'])
    expect(await rows.db.selectFrom('queue_lengths').selectAll().execute()).toEqual([])
    expect(await cancelRequests(parts, ['a', 'c'])).toEqual(new Set())
  })
})
