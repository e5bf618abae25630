import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Database } from '../db/database.ts'
import { PLACE_FREED, queuedFor } from '../requests/bell-hints.ts'
import { openTestDatabase } from '../../tests/support/open-test-database.ts'
import { WaitingModels } from './waiting-models.ts'

let database: Database
let waiting: WaitingModels
beforeEach(async () => {
  database = await openTestDatabase({})
  waiting = new WaitingModels()
})
afterEach(async () => {
  vi.useRealTimers()
  await database.close()
})

let made = 0
async function queue(...models: string[]): Promise<void> {
  const same = { user_id: 'usr', kind: 'generation', state: 'queued' as const, prompt: '', parameters: '{}', n: 1 }
  const known = await database.db.selectFrom('users').select('id').executeTakeFirst()
  if (!known) {
    const user = { id: 'usr', name: 'u', email: 'u@example.org', role: 'member', created_at: 1, updated_at: 1 }
    await database.db.insertInto('users').values(user).execute()
  }
  for (const model of models) {
    const id = `${++made}`
    await database.db
      .insertInto('requests')
      .values({ ...same, id, model, api_key_id: '', is_async: 1, created_at: 1, warnings: '[]' })
      .execute()
    await database.db
      .insertInto('tasks')
      .values({
        ...{ id, request_id: id, user_id: 'usr', position: 0, state: 'queued', kind: 'generation', model },
        ...{ needs: 'generate', routing: 'any', seed: 1, class: 1, order_key: made, queued_at: made }
      })
      .execute()
  }
}

const pages = () => Array.fromAsync(waiting.pages(database.db))

it('knows what a look has left and what was queued since, and asks again when anything else rings, or late', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  await queue('a', 'b')
  expect(await pages()).toEqual([{ models: ['a', 'b'], isAll: true }])
  // Queued where no bell tells of it.
  await queue('c')
  waiting.take(['a', 'b'])
  expect(waiting.hear(PLACE_FREED)).toBe(false)
  expect(await pages()).toEqual([{ models: [], isAll: true }])
  waiting.putBack(['b'])
  expect(waiting.hear(PLACE_FREED)).toBe(true)
  expect(waiting.hear(queuedFor('d e'))).toBe(true)
  expect(await pages()).toEqual([{ models: ['b', 'd e'], isAll: true }])
  vi.advanceTimersByTime(1000)
  expect(await pages()).toEqual([{ models: ['a', 'b', 'c'], isAll: true }])
  await queue('f')
  expect(waiting.hear(undefined)).toBe(true)
  expect(waiting.hear(PLACE_FREED)).toBe(true)
  expect(await pages()).toEqual([{ models: ['a', 'b', 'c', 'f'], isAll: true }])
})

it('forgets nothing that rings while it reads', async () => {
  const first = waiting.pages(database.db).next()
  waiting.hear(queuedFor('late'))
  await first
  expect(await pages()).toEqual([{ models: ['late'], isAll: true }])
  waiting.hear(undefined)
  const second = waiting.pages(database.db).next()
  waiting.hear(undefined)
  await second
  await queue('unheard')
  expect(await pages()).toEqual([{ models: ['unheard'], isAll: true }])
})

it('knows nothing while there are more than it reads at once', async () => {
  await queue(...Array.from({ length: 65 }, (_, index) => `m${index}`))
  const [first, second] = await pages()
  expect(first).toMatchObject({ isAll: false })
  expect([first?.models.length, second?.models.length]).toEqual([64, 1])
  expect(waiting.hear(PLACE_FREED)).toBe(true)
  expect(await pages()).toHaveLength(2)
})
