import { DAY_MS, HOUR_MS } from '../lib/durations.ts'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../db/database.ts'
import { rollUp } from './roll-up-store.ts'
import { countImagesSince } from './usage-store.ts'
import { type Dimension, sumUsage } from './usage-totals-store.ts'
import { openTestDatabase } from '../../tests/support/open-test-database.ts'

const MIDNIGHT = Date.UTC(2026, 10, 20)

let database: Database
let made = 0

beforeEach(async () => {
  database = await openTestDatabase()
})
afterEach(async () => {
  await database.close()
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

const empty = async () => {
  for (const table of ['usage_images', 'usage_hours', 'usage_days', 'usage_providers'] as const) {
    await database.db.deleteFrom(table).execute()
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
        await empty()
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

  it('equal a plain count of the images, however they are asked for', async () => {
    const image = fc.record({
      at: fc.integer({ min: MIDNIGHT - 9 * DAY_MS, max: MIDNIGHT + 9 * DAY_MS }),
      user: fc.constantFrom('usr_a', 'usr_b', 'usr_c'),
      model: fc.constantFrom('demo', 'sdxl'),
      side: fc.constantFrom(64, 128),
      first: fc.boolean()
    })
    const border = fc.oneof(
      fc.integer({ min: -9, max: 9 }).map((days) => MIDNIGHT + days * DAY_MS),
      fc.integer({ min: -200, max: 200 }).map((hours) => MIDNIGHT + hours * HOUR_MS),
      fc.integer({ min: MIDNIGHT - 9 * DAY_MS, max: MIDNIGHT + 9 * DAY_MS })
    )
    const question = fc.record({
      borders: fc.tuple(border, border),
      bucketMs: fc.constantFrom(60_000, HOUR_MS, 6 * HOUR_MS, 36 * HOUR_MS, DAY_MS, 7 * DAY_MS),
      byModel: fc.boolean(),
      userIds: fc.option(fc.subarray(['usr_a', 'usr_b', 'usr_c']), { nil: undefined })
    })
    const data = fc.array(image, { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(data, fc.array(question, { minLength: 4 }), fc.nat(60), async (images, questions, moved) => {
        await empty()
        // What comes between two times of adding up may lie before what has been added up.
        await insert(images.slice(0, moved))
        if (moved > 0) await rollUp(database.db, moved)
        await insert(images.slice(moved))
        if (moved > 0) await rollUp(database.db, moved)
        for (const { borders, bucketMs, byModel, userIds } of questions) {
          const [start = 0, end = 0] = [...borders].sort((a, b) => a - b)
          const filter = { start, end, bucketMs, groupBy: byModel ? (['model'] as const) : [] }
          const sums = await sumUsage(database.db, { ...filter, ...(userIds && { userIds }) })
          const counted = Map.groupBy(
            images.filter(({ at, user }) => at >= start && at < end && (userIds?.includes(user) ?? true)),
            ({ at, model }) => JSON.stringify([at - (at % bucketMs), byModel ? model : undefined])
          )
          const expected = [...counted].map(([key, same]) => [
            key,
            same.length,
            same.filter(({ first }) => first).length
          ])
          const found = sums.map((one) => [JSON.stringify([one.bucket, one.model]), one.images, one.requests])
          expect(found.sort()).toEqual(expected.sort())
        }
      }),
      { numRuns: 40 }
    )
  })

  it('put the first and the last millisecond of a UTC day into it, with days before and after', async () => {
    const at = [-DAY_MS, -1, 0, 1, DAY_MS - 1, DAY_MS, 2 * DAY_MS - 1, 2 * DAY_MS].map((ms) => MIDNIGHT + ms)
    await insert(at.map((one) => ({ at: one })))
    const days = async (start: number, end: number) =>
      (await sum({ start, end })).map(({ bucket, images }) => [(bucket - MIDNIGHT) / DAY_MS, images]).sort()
    const whole = [
      [-1, 2],
      [0, 3],
      [1, 2],
      [2, 1]
    ]
    expect(await days(MIDNIGHT - DAY_MS, MIDNIGHT + 3 * DAY_MS)).toEqual(whole)
    await rollUp(database.db, 5)
    expect(await days(MIDNIGHT - DAY_MS, MIDNIGHT + 3 * DAY_MS)).toEqual(whole)
    await rollUp(database.db, 5)
    expect(await days(MIDNIGHT - DAY_MS, MIDNIGHT + 3 * DAY_MS)).toEqual(whole)
    expect(await days(MIDNIGHT + 1, MIDNIGHT + 2 * DAY_MS)).toEqual([
      [0, 2],
      [1, 2]
    ])
    expect(await days(MIDNIGHT - 1, MIDNIGHT + DAY_MS + 1)).toEqual([
      [-1, 1],
      [0, 3],
      [1, 1]
    ])
  })

  it('lose nothing when the clock jumps back over days that are added up already, and forth again', async () => {
    for (const day of [5, 1, 5, 40, 0]) {
      await insert([{ at: MIDNIGHT + day * DAY_MS + 1 }])
      expect(await rollUp(database.db, 500)).toBe(1)
    }
    const sums = await sum({ start: MIDNIGHT, end: MIDNIGHT + 60 * DAY_MS })
    expect(sums.map(({ bucket, images }) => [(bucket - MIDNIGHT) / DAY_MS, images])).toEqual([
      [0, 1],
      [1, 1],
      [5, 2],
      [40, 1]
    ])
    const { last_at } = await database.db
      .selectFrom('usage_days')
      .select('last_at')
      .where('day', '=', MIDNIGHT + 5 * DAY_MS)
      .executeTakeFirstOrThrow()
    expect(last_at).toBe(MIDNIGHT + 5 * DAY_MS + 1)
  })

  it('are read from the days where there are whole ones', async () => {
    await insert([{ at: MIDNIGHT }, { at: MIDNIGHT + DAY_MS }])
    await rollUp(database.db, 500)
    await database.db.updateTable('usage_days').set({ images: 100 }).where('day', '=', MIDNIGHT).execute()
    const range = { start: MIDNIGHT, end: MIDNIGHT + DAY_MS + HOUR_MS }
    expect((await sum(range)).map(({ images }) => images)).toEqual([100, 1])
    expect((await sum(range, [], HOUR_MS)).map(({ images }) => images)).toEqual([1, 1])
  })
})
