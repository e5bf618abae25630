import { afterAll, beforeAll, expect, it } from 'vitest'
import { plansOf } from '../../tests/support/query-plans.ts'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { createAssetStore } from './asset-store.ts'
import { createSpaceInUse } from './space-in-use.ts'

let rows: RequestRows

beforeAll(async () => {
  rows = await openRequestRows()
  await rows.addUser('usr')
  for (let request = 0; request < 10; request++) {
    const request_id = `req-${request}`
    await rows.addRequest(request_id, { user_id: 'usr' })
    await rows.addAsset(`${request_id}-input`, { request_id, kind: 'input', bytes: 10 })
    await rows.addAsset(`${request_id}-mask`, { request_id, kind: 'mask', bytes: 1 })
    for (const position of [0, 1, 2]) {
      await rows.addAsset(`${request_id}-${position}`, { request_id, kind: 'output', position, bytes: 100 })
    }
  }
})
afterAll(() => rows.close())

const ALL = { outputs: { images: 30, bytes: 3000 }, inputs: { images: 20, bytes: 110 } }

it.each([1, 3, 5, 7, 49, 50, 51, 1000])('is counted right, about %i rows at a time', async (atATime) => {
  const spaceInUse = createSpaceInUse({ rows: createAssetStore(rows.database), clock: { now: () => 0 }, atATime })
  expect(await spaceInUse()).toEqual(ALL)
})

it('is counted once a minute, however many ask', async () => {
  let now = 0
  let slices = 0
  const store = createAssetStore(rows.database)
  const sumSlice: typeof store.sumSlice = (slice) => {
    slices += 1
    return store.sumSlice(slice)
  }
  const spaceInUse = createSpaceInUse({ rows: { sumSlice }, clock: { now: () => now } })
  await Promise.all([spaceInUse(), spaceInUse()])
  now = 59_999
  expect(await spaceInUse()).toEqual(ALL)
  expect(slices).toBe(2)
  now = 60_000
  await rows.addAsset('another', { request_id: 'req-9', position: 3, bytes: 7 })
  expect((await spaceInUse()).outputs).toEqual({ images: 31, bytes: 3007 })
  await rows.db.deleteFrom('assets').where('id', '=', 'another').execute()
})

it('is asked again after it could not be counted', async () => {
  const store = createAssetStore(rows.database)
  let fails = true
  const sumSlice: typeof store.sumSlice = async (slice) => {
    if (fails) throw new Error('the database is busy')
    return store.sumSlice(slice)
  }
  const spaceInUse = createSpaceInUse({ rows: { sumSlice }, clock: { now: () => 0 } })
  await expect(spaceInUse()).rejects.toThrow('busy')
  fails = false
  expect(await spaceInUse()).toEqual(ALL)
})

it('is read from an index alone', async () => {
  const plans = await plansOf(rows.db, (db) =>
    createAssetStore({ ...rows.database, db }).sumSlice({ afterRequest: 'req-1', rows: 5 })
  )
  const reads = plans.filter((plan) => /SCAN|SEARCH/.test(plan))
  expect(reads.length).toBeGreaterThan(0)
  expect(reads.filter((plan) => !plan.startsWith('SEARCH assets USING COVERING INDEX assets_by_request'))).toEqual([])
})
