import { setImmediate as nextTurn } from 'node:timers/promises'
import type { KyselyPlugin } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { noteStatementsUntilTheEnd } from '../../tests/support/note-statements.ts'
import { plansOf, wasteful } from '../../tests/support/query-plans.ts'
import { loadConfig } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import { createProviderStore } from '../providers/provider-store.ts'
import { openTestDatabase } from '../../tests/support/open-test-database.ts'
import { expireWaiting } from './expire-waiting.ts'
import type { RequestParts } from './request-parts.ts'
import { listLanes } from './runnable-store.ts'
import { findOldestWaiting, listModelsWaitedFor, listWaiting } from './waiting-store.ts'

const { limits, offering } = loadConfig({})
const NOW = 10 * limits.noProviderTimeoutMs
const MANY = 1200

const noteStatements = noteStatementsUntilTheEnd()
let database: Database
/** Rows that statements gave. */
let read: number
beforeEach(async () => {
  const opened = await openTestDatabase({ clock: { now: () => NOW } })
  const counter: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      read += result.rows.length
      return result
    }
  }
  database = { ...opened, db: opened.db.withPlugin(counter) }
  await database.db
    .insertInto('users')
    .values({ id: 'ann', name: 'ann', email: 'ann@example.org', role: 'member', created_at: 1, updated_at: 1 })
    .execute()
})
afterEach(() => database.close())

/** One request of so many images that wait since then. */
async function queue(
  model: string,
  { images, since = 1, needs = 'generate' }: { images: number; since?: number; needs?: string }
) {
  const same = { user_id: 'ann', kind: 'generation', state: 'queued' as const, model }
  const request_id = `${model} ${needs} ${since}`
  await database.db
    .insertInto('requests')
    .values({
      ...same,
      ...{ id: request_id, api_key_id: '', is_async: 1, prompt: '', parameters: '{}', n: images },
      ...{ created_at: since, warnings: '[]' }
    })
    .execute()
  for (let from = 0; from < images; from += 400) {
    const positions = Array.from({ length: Math.min(400, images - from) }, (_, index) => from + index)
    await database.db
      .insertInto('tasks')
      .values(
        positions.map((position) => ({
          ...{ ...same, id: `${request_id} ${position}`, request_id, position, needs, routing: 'any' as const },
          ...{ seed: 1, class: 1, order_key: position, queued_at: since }
        }))
      )
      .execute()
  }
}

/** A provider that is online and makes images of this model. */
const connect = (model: string) =>
  database.db.transaction().execute((trx) =>
    createProviderStore(database, offering).connect(trx, {
      ...{ ownerId: 'ann', keyId: 'key', name: 'rig', agentVersion: '1', onlineUntil: NOW + 1000 },
      services: [
        {
          ...{ name: 'gpu', type: 'image', concurrency: 1, timeoutMs: 1000, access: 'members' as const },
          models: [{ id: model, features: ['generate' as const] }]
        }
      ]
    })
  )

async function expire({ openedAt = 0 } = {}) {
  read = 0
  const providers = createProviderStore(database, offering)
  const failed = await expireWaiting({
    database: { ...database, openedAt },
    providers,
    limits
  } as unknown as RequestParts)
  return { failed, read }
}
const states = async () =>
  (await database.db.selectFrom('tasks').select(['state', 'model']).distinct().execute()).map(
    ({ state, model }) => `${model} ${state}`
  )

describe('what has waited too long', () => {
  it('fails page by page where nobody can make it, and of the rest nothing is read however much it is', async () => {
    await connect('m')
    await queue('m', { images: MANY })
    expect(await expire()).toMatchObject({ failed: 0 })
    expect((await expire()).read).toBeLessThan(20)
    await queue('gone', { images: 600 })
    await queue('m', { images: 3, needs: 'edit' })
    expect((await expire()).failed).toBe(603)
    expect((await states()).toSorted()).toEqual(['gone failed', 'm failed', 'm queued'])
  })

  it('fails in small transactions, between which others get a turn', async () => {
    await queue('gone', { images: 45 })
    let turns = 0
    let isOver = false
    const others = (async () => {
      for (; !isOver; turns++) await nextTurn()
    })()
    const statements = noteStatements()
    expect((await expire()).failed).toBe(45)
    isOver = true
    await others
    expect(statements.filter((sql) => sql.startsWith('begin'))).toHaveLength(3)
    expect(turns).toBeGreaterThanOrEqual(3)
  })

  it('is read along its lane, page by page, however much waits beside it', async () => {
    await queue('gone', { images: 600 })
    await queue('gone', { images: 600, needs: 'edit' })
    const plans = await plansOf(database.db, async (db) => {
      for (const lane of await listLanes(database.db, ['gone'])) {
        const [first] = await listWaiting(db, { lane, before: NOW, after: undefined, limit: 1 })
        await listWaiting(db, { lane, before: NOW, after: first, limit: 1 })
      }
    })
    expect(plans.filter((plan) => /tasks_by_lane .*held=\?/.test(plan))).toHaveLength(4)
    // Those of the same place alone are sorted.
    expect(wasteful(plans).filter((plan) => !plan.includes('LAST TERM'))).toEqual([])
  })

  it.each([
    ['busy', 'paused', 'the image server is busy'],
    ['unreachable', 'unusable', 'the image server cannot be used'],
    ['model_missing', 'missing', 'the image server does not have the model']
  ])('fails with the reason for which it waited, and where: %s', async (reason, why, words) => {
    await connect('m')
    const service = await database.db.selectFrom('services').select(['id', 'provider_id']).executeTakeFirstOrThrow()
    await database.db
      .insertInto('service_pauses')
      .values({ service_id: service.id, model: '', reason, since: 1, until: NOW + 1000, in_row: 1 })
      .execute()
    await queue('m', { images: 1 })
    expect((await expire()).failed).toBe(1)
    for (const table of ['tasks', 'requests'] as const) {
      const ended = database.db.selectFrom(table)
      const failed = await ended.select(['error_code', 'error_message', 'error_reason', 'error_machines']).execute()
      expect(failed).toEqual([
        {
          error_code: 'upstream_busy',
          error_message: `No machine that has 'm' could begin in time: ${words}.`,
          error_reason: why,
          error_machines: JSON.stringify([service.provider_id])
        }
      ])
    }
  })

  it('fails with who has paused the machine, where that is why', async () => {
    await connect('m')
    await database.db.updateTable('providers').set({ drained_at: 1 }).execute()
    await queue('m', { images: 1 })
    await queue('gone', { images: 1 })
    expect((await expire()).failed).toBe(2)
    const failed = await database.db
      .selectFrom('tasks')
      .select(['error_code', 'error_message', 'error_reason', 'error_machines'])
      .orderBy('model')
      .execute()
    const { id } = await database.db.selectFrom('providers').select('id').executeTakeFirstOrThrow()
    expect(failed.map(({ error_reason, error_machines }) => [error_reason, error_machines])).toEqual([
      ['away', '[]'],
      ['drained', JSON.stringify([id])]
    ])
    expect(failed.map(({ error_message }) => error_message)).toEqual([
      "No machine that has 'gone' came online in time.",
      "No machine that has 'm' could begin in time: the owner has paused the machine."
    ])
  })

  it('stops when it is told to', async () => {
    await queue('gone', { images: 45 })
    const providers = createProviderStore(database, offering)
    const parts = { database: { ...database, openedAt: 0 }, providers, limits } as unknown as RequestParts
    expect(await expireWaiting(parts, AbortSignal.abort())).toBe(0)
    expect(await expireWaiting(parts)).toBe(45)
  })

  it('fails no sooner than that after a start, before which nobody could come', async () => {
    await queue('gone', { images: 1 })
    const before = NOW - limits.noProviderTimeoutMs
    expect((await expire({ openedAt: before })).failed).toBe(0)
    expect((await expire({ openedAt: before - 1 })).failed).toBe(1)
  })

  it('and what has not stays', async () => {
    await queue('gone', { images: 2, since: NOW - 1000 })
    await queue('gone', { images: 1 })
    expect((await expire()).failed).toBe(1)
    expect((await states()).toSorted()).toEqual(['gone failed', 'gone queued'])
  })
})

describe('since when anything waits', () => {
  it('is told of all, and of each model', async () => {
    expect(await findOldestWaiting(database.db)).toBeUndefined()
    expect(await listModelsWaitedFor(database.db, NOW)).toEqual([])
    await queue('b', { images: 2, since: 70 })
    await queue('a', { images: 1, since: 90 })
    await queue('b', { images: 1, since: 60, needs: 'edit' })
    expect(await findOldestWaiting(database.db)).toBe(60)
    expect(await listModelsWaitedFor(database.db, 61)).toEqual(['b'])
    expect(await listModelsWaitedFor(database.db, 60)).toEqual([])
    expect(await listModelsWaitedFor(database.db, 91)).toEqual(['a', 'b'])
    await database.db.updateTable('tasks').set({ state: 'running' }).where('model', '=', 'b').execute()
    expect(await findOldestWaiting(database.db)).toBe(90)
  })

  it('is found without a look at all that wait', async () => {
    await queue('m', { images: MANY })
    const plans = await plansOf(database.db, async (recorded) => {
      await findOldestWaiting(recorded)
      await listModelsWaitedFor(recorded, NOW)
    })
    expect(wasteful(plans).filter((plan) => /tasks/.test(plan))).toEqual([])
    expect(plans.join('\n')).toContain('tasks_waiting_since')
  })
})
