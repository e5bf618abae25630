import { DAY_MS, HOUR_MS } from '../lib/durations.ts'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { measureServices } from './measure-services.ts'
import { countImagesByProvider, listHoursOfWork, listUsersOfProvider } from './provider-usage-store.ts'
import { rollUp } from './roll-up-store.ts'

const MIDNIGHT = Date.UTC(2026, 10, 20)

let rows: RequestRows
let made = 0
beforeEach(async () => {
  rows = await openRequestRows()
})
afterEach(() => rows.close())

interface Image {
  at?: number
  provider?: string
  service?: string
  user?: string
  side?: number
  ms?: number
}

async function insert(...images: Image[]): Promise<void> {
  for (const {
    at = MIDNIGHT,
    provider = 'prv_1',
    service = 'svc_1',
    user = 'usr_a',
    side = 1000,
    ms = 1000
  } of images) {
    const id = `ast_${made++}`
    await rows.db
      .insertInto('usage_images')
      .values({
        asset_id: id,
        request_id: id,
        user_id: user,
        api_key_id: 'key',
        provider_id: provider,
        service_id: service,
        kind: 'generation',
        model: 'm',
        width: side,
        height: side,
        generating_ms: ms,
        created_at: at
      })
      .execute()
  }
}

describe('images by provider', () => {
  it('are those in the totals and those that are not yet', async () => {
    await insert({}, {}, { provider: 'prv_2' })
    expect(await countImagesByProvider(rows.db)).toEqual(
      new Map([
        ['prv_1', 2],
        ['prv_2', 1]
      ])
    )
    await rollUp(rows.db, 2)
    expect(await countImagesByProvider(rows.db)).toEqual(
      new Map([
        ['prv_1', 2],
        ['prv_2', 1]
      ])
    )
    await insert({ at: MIDNIGHT - 400 * DAY_MS }, { provider: 'prv_3' })
    await rollUp(rows.db, 500)
    await insert({ provider: 'prv_3' })
    expect(await countImagesByProvider(rows.db)).toEqual(
      new Map([
        ['prv_1', 3],
        ['prv_2', 1],
        ['prv_3', 2]
      ])
    )
  })
})

describe('the hours in which a provider worked', () => {
  it('are told in their order, with the time for a megapixel over all that was made in them', async () => {
    await insert(
      { at: MIDNIGHT + 5, ms: 2000 },
      // Four times as large in the same time.
      { at: MIDNIGHT + HOUR_MS - 1, side: 2000, ms: 2000 },
      { at: MIDNIGHT + 3 * HOUR_MS, ms: 500 },
      { at: MIDNIGHT - 1 },
      { at: MIDNIGHT + 5, provider: 'prv_2' }
    )
    const expected = [
      { at: MIDNIGHT, images: 2, secondsPerMegapixel: 0.8 },
      { at: MIDNIGHT + 3 * HOUR_MS, images: 1, secondsPerMegapixel: 0.5 }
    ]
    const hours = () => listHoursOfWork(rows.db, { providerId: 'prv_1', since: MIDNIGHT })
    expect(await hours()).toEqual(expected)
    await rollUp(rows.db, 1)
    expect(await hours()).toEqual(expected)
    await rollUp(rows.db, 500)
    expect(await hours()).toEqual(expected)
  })
})

describe('the pace of an hour', () => {
  const paceOf = async () => {
    const hours = await listHoursOfWork(rows.db, { providerId: 'prv_1', since: MIDNIGHT })
    return hours.map(({ secondsPerMegapixel }) => secondsPerMegapixel)
  }

  it('does not take tiny images for slow ones: they count as a quarter of a megapixel', async () => {
    await insert({ at: MIDNIGHT, side: 16, ms: 500 }, { at: MIDNIGHT, side: 64, ms: 500 })
    expect(await paceOf()).toEqual([2])
    await rollUp(rows.db, 500)
    expect(await paceOf()).toEqual([2])
  })

  it.each([
    [499, 2],
    [500, 2],
    [501, 500 / 1000 / ((501 * 501) / 1e6)]
  ])('of an image of %d pixels a side goes by them where they are enough', async (side, pace) => {
    await insert({ at: MIDNIGHT, side, ms: 500 })
    expect(await paceOf()).toEqual([pace])
  })
})

describe('who had images of a provider', () => {
  it('are told by name, most first, with when they had the last', async () => {
    await rows.addUser('usr_a', { name: 'Ada' })
    await rows.addUser('usr_b', { name: 'Bo' })
    await insert(
      { user: 'usr_b', at: MIDNIGHT + 2 * DAY_MS + 7 },
      { user: 'usr_b', at: MIDNIGHT + 9 },
      { user: 'usr_a', at: MIDNIGHT + 3 },
      { user: 'usr_a', at: MIDNIGHT - 1 },
      { user: 'usr_gone', at: MIDNIGHT + 1 },
      { user: 'usr_a', provider: 'prv_2' }
    )
    const expected = [
      { id: 'usr_b', name: 'Bo', images: 2, lastAt: MIDNIGHT + 2 * DAY_MS + 7 },
      { id: 'usr_a', name: 'Ada', images: 1, lastAt: MIDNIGHT + 3 },
      { id: 'usr_gone', name: null, images: 1, lastAt: MIDNIGHT + 1 }
    ]
    const users = () => listUsersOfProvider(rows.db, { providerId: 'prv_1', since: MIDNIGHT })
    expect(await users()).toEqual(expected)
    await rollUp(rows.db, 2)
    expect(await users()).toEqual(expected)
    await rollUp(rows.db, 500)
    expect(await users()).toEqual(expected)
  })
})

describe('what services made', () => {
  it('is measured alike however little is read at a time, and whatever was made in the same millisecond', async () => {
    const image = fc.record({
      at: fc.integer({ min: MIDNIGHT - 3, max: MIDNIGHT + 3 }),
      service: fc.constantFrom('svc_1', 'svc_2', 'svc_3'),
      side: fc.constantFrom(500, 1000),
      ms: fc.integer({ min: 0, max: 9000 })
    })
    await fc.assert(
      fc.asyncProperty(fc.array(image, { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), async (images, slice) => {
        await rows.db.deleteFrom('usage_images').execute()
        await insert(...images)
        const counted = Map.groupBy(
          images.filter(({ at }) => at >= MIDNIGHT),
          ({ service }) => service
        )
        const measures = await measureServices(rows.db, MIDNIGHT, slice)
        expect(new Set(measures.keys())).toEqual(new Set(counted.keys()))
        for (const [service, same] of counted) {
          const paces = same.map(({ side, ms }) => ms / 1000 / (side ** 2 / 1e6)).sort((a, b) => a - b)
          const half = Math.floor(paces.length / 2)
          const median = paces.length % 2 === 1 ? paces[half]! : (paces[half - 1]! + paces[half]!) / 2
          expect(measures.get(service)).toMatchObject({ providerId: 'prv_1', images: same.length })
          expect(measures.get(service)?.secondsPerMegapixel).toBeCloseTo(median)
        }
      }),
      { numRuns: 30 }
    )
  })
})
