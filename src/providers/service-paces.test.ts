import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Database } from '../db/database.ts'
import { openTestDatabase } from '../../tests/support/open-test-database.ts'
import { notePace } from './service-paces-store.ts'

let database: Database
beforeEach(async () => {
  database = await openTestDatabase({})
  await database.db
    .insertInto('users')
    .values({ id: 'ann', name: 'ann', email: 'ann@example.org', role: 'member', created_at: 1, updated_at: 1 })
    .execute()
  await database.db
    .insertInto('providers')
    .values({
      ...{ id: 'rig', owner_id: 'ann', name: 'rig', epoch: 1, connected_at: 1, online_until: 1, last_seen_at: 1 },
      agent_version: null,
      forgotten_at: null
    })
    .execute()
  await database.db
    .insertInto('services')
    .values({
      ...{
        id: 'gpu',
        provider_id: 'rig',
        name: 'gpu',
        type: 'image',
        concurrency: 1,
        timeout_ms: 1,
        access: 'members'
      },
      ...{ engine: null, description: null, declared: 1 }
    })
    .execute()
})
afterEach(() => database.close())

/** What is known after images that took so long. */
async function learn(times: readonly number[], work: { megapixels?: number; steps?: number } = {}, toldSteps = false) {
  for (const tookMs of times) {
    await database.db
      .transaction()
      .execute((trx) =>
        notePace(trx, { serviceId: 'gpu', model: 'm', tookMs, work: { megapixels: 1, ...work }, toldSteps })
      )
  }
  const row = await database.db.selectFrom('service_paces').selectAll().executeTakeFirstOrThrow()
  return { megapixelMs: row.megapixel_ms, stepMs: row.step_ms }
}

it('learns all there is from the first image, then a fifth from each', async () => {
  expect(await learn([500])).toEqual({ megapixelMs: 500, stepMs: null })
  expect(await learn([1000])).toEqual({ megapixelMs: 600, stepMs: null })
  expect(await learn([1000], { megapixels: 2, steps: 10 })).toEqual({ megapixelMs: 600, stepMs: 50 })
})

it('takes none for more than four times as long or as short', async () => {
  expect(await learn([1000, 1e15])).toMatchObject({ megapixelMs: 1600 })
  expect(await learn([-1e15])).toMatchObject({ megapixelMs: 1360 })
})

it('begins with an hour at most', async () => {
  expect(await learn([Number.MAX_SAFE_INTEGER])).toMatchObject({ megapixelMs: 3_600_000 })
})

it('comes to what it is after a while', async () => {
  const { megapixelMs } = await learn([60_000, ...Array<number>(30).fill(5000)])
  expect((megapixelMs ?? 0) / 5000).toBeLessThan(1.1)
})

it('counts the images in a row of which its engine told no steps, by what is measured', async () => {
  const silent = () =>
    database.db.selectFrom('service_paces').select(['megapixel_silent', 'step_silent']).executeTakeFirstOrThrow()
  await learn([500, 500])
  await learn([500], { steps: 10 })
  expect(await silent()).toEqual({ megapixel_silent: 2, step_silent: 1 })
  await learn([500], {}, true)
  expect(await silent()).toEqual({ megapixel_silent: 0, step_silent: 1 })
  await learn([500])
  expect(await silent()).toEqual({ megapixel_silent: 1, step_silent: 1 })
})
