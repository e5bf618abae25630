import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../db/database.ts'
import { openSqliteDatabase } from '../db/sqlite-database.ts'
import { systemClock } from '../lib/clock.ts'
import { countImagesSince, HOUR_MS } from './usage-store.ts'
import { type Dimension, rollUp, sumUsage } from './usage-totals-store.ts'

const DAY_MS = 24 * HOUR_MS
const MIDNIGHT = Date.UTC(2026, 10, 20)

let folder: string
let database: Database
let made = 0

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usage-'))
  const onFatal = (error: unknown) => {
    throw error
  }
  database = await openSqliteDatabase({ path: join(folder, 'usage.sqlite'), clock: systemClock, onFatal })
})
afterEach(async () => {
  await database.close()
  await rm(folder, { recursive: true })
})

interface Image {
  at: number
  user?: string
  model?: string
  side?: number
  first?: boolean
}

/** Rows as the finishing transaction writes them, at times of the test's choosing. */
async function insert(images: readonly Image[]): Promise<void> {
  for (const { at, user = 'usr_a', model = 'demo', side = 64, first = true } of images) {
    const id = `ast_${made++}`
    await database.db
      .insertInto('usage_images')
      .values({
        asset_id: id,
        request_id: `req_${id}`,
        user_id: user,
        api_key_id: `key_${user}`,
        provider_id: 'prv_1',
        service_id: 'svc_1',
        kind: 'generation',
        model,
        width: side,
        height: side,
        generating_ms: 10,
        created_at: at,
        first_of_request: first ? 1 : 0
      })
      .execute()
  }
}

const sum = (range: { start: number; end: number }, groupBy: Dimension[] = [], bucketMs = DAY_MS) =>
  sumUsage(database.db, { ...range, bucketMs, groupBy })
const inOrder = <T extends object>(rows: T[]) => rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort()

describe('sums of usage', () => {
  it('are the same whatever is in the totals and what is still in the tail', async () => {
    const image = fc.record({
      at: fc.integer({ min: MIDNIGHT, max: MIDNIGHT + 3 * DAY_MS - 1 }),
      user: fc.constantFrom('usr_a', 'usr_b'),
      model: fc.constantFrom('demo', 'sdxl'),
      first: fc.boolean()
    })
    const range = fc
      .tuple(fc.integer({ min: -HOUR_MS, max: 3 * DAY_MS }), fc.integer({ min: 1, max: 2 * DAY_MS }))
      .map(([from, length]) => ({ start: MIDNIGHT + from, end: MIDNIGHT + from + length }))
    await fc.assert(
      fc.asyncProperty(fc.array(image, { maxLength: 40 }), range, fc.nat(40), async (images, asked, moved) => {
        await database.db.deleteFrom('usage_images').execute()
        await database.db.deleteFrom('usage_hours').execute()
        await insert(images)
        const expected = images.filter(({ at }) => at >= asked.start && at < asked.end)
        for (const limit of [0, moved, 100]) {
          if (limit > 0) await rollUp(database.db, limit)
          for (const bucketMs of [60_000, HOUR_MS, DAY_MS]) {
            const sums = await sum(asked, ['user_id', 'model'], bucketMs)
            expect(sums.reduce((all, one) => all + one.images, 0)).toBe(expected.length)
            expect(sums.reduce((all, one) => all + one.requests, 0)).toBe(expected.filter((one) => one.first).length)
            for (const one of sums) expect(one.bucket % bucketMs).toBe(0)
          }
        }
      }),
      { numRuns: 25 }
    )
  })

  it('are grouped, and a bucket holds what was made from its first millisecond to its last', async () => {
    await insert([
      { at: MIDNIGHT - 1 },
      { at: MIDNIGHT },
      { at: MIDNIGHT + DAY_MS - 1, model: 'sdxl', side: 128 },
      { at: MIDNIGHT + DAY_MS }
    ])
    await rollUp(database.db, 3)
    const range = { start: MIDNIGHT, end: MIDNIGHT + DAY_MS }
    expect(inOrder(await sum(range, ['model', 'width', 'height']))).toEqual(
      inOrder([
        { bucket: MIDNIGHT, model: 'demo', width: 64, height: 64, images: 1, requests: 1 },
        { bucket: MIDNIGHT, model: 'sdxl', width: 128, height: 128, images: 1, requests: 1 }
      ])
    )
  })

  it('move every image into the totals once, also when two move at the same time', async () => {
    await insert(Array.from({ length: 30 }, (_, index) => ({ at: MIDNIGHT + index * 1000 })))
    const moved = await Promise.all([rollUp(database.db, 20), rollUp(database.db, 20), rollUp(database.db, 20)])
    expect(moved.reduce((all, one) => all + one, 0)).toBe(30)
    expect(await sum({ start: MIDNIGHT, end: MIDNIGHT + DAY_MS })).toEqual([
      { bucket: MIDNIGHT, images: 30, requests: 30 }
    ])
    expect(await countImagesSince(database.db, { user_id: 'usr_a' }, MIDNIGHT)).toBe(30)
    expect(await countImagesSince(database.db, { api_key_id: 'key_usr_b' }, MIDNIGHT)).toBe(0)
  })
})
