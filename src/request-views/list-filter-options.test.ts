import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plansOf, wasteful } from '../../tests/support/query-plans.ts'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { listFilterOptions } from './list-filter-options.ts'
import { listModelsAsked } from './request-search-store.ts'

let rows: RequestRows

beforeAll(async () => {
  rows = await openRequestRows()
  for (const id of ['ann', 'bob', 'cem']) await rows.addUser(id)
  for (const [id, owner_id, access, models] of [
    ['open', 'bob', '"members"', ['z-model', 'a-model']],
    ['private', 'bob', '"private"', ['secret']],
    ['guests', 'bob', '["ANN@example.org"]', ['for ann']],
    ['former', 'bob', '"private"', ['a-model']]
  ] as const) {
    await rows.addProvider(id, { owner_id, name: `${id} gpu` })
    await rows.addService(`service ${id}`, { provider_id: id, access, models: [...models] })
  }
  await rows.addRequest('req_1', { user_id: 'ann', model: 'gone' })
  await rows.addRequest('req_2', { user_id: 'ann', model: 'a-model' })
  await rows.addRequest('req_3', { user_id: 'bob', model: 'only bob' })
  const total = { hour: 0, user_id: 'ann', api_key_id: '', provider_id: 'former', model: 'a-model', kind: 'generation' }
  await rows.db
    .insertInto('usage_hours')
    .values({ ...total, width: 64, height: 64, images: 1, requests: 1, generating_ms: 1 })
    .execute()
})

afterAll(() => rows.close())

const optionsOf = async (userId: string, role: 'admin' | 'member' = 'member') => {
  const { models, providers } = await listFilterOptions(rows, {
    userId,
    email: `${userId}@example.org`,
    emailVerified: true,
    role
  })
  return { models, providers: providers.map(({ id, name }) => `${id}: ${name}`) }
}

describe('lists can be narrowed to', () => {
  it('what somebody may use and what they have used', async () => {
    expect(await optionsOf('ann')).toEqual({
      models: ['a-model', 'for ann', 'gone', 'z-model'],
      providers: ['former: former gpu', 'guests: guests gpu', 'open: open gpu']
    })
    expect(await optionsOf('cem')).toEqual({ models: ['a-model', 'z-model'], providers: ['open: open gpu'] })
  })

  it("what is the owner's", async () => {
    expect(await optionsOf('bob')).toEqual({
      models: ['a-model', 'for ann', 'only bob', 'secret', 'z-model'],
      providers: ['former: former gpu', 'guests: guests gpu', 'open: open gpu', 'private: private gpu']
    })
  })

  it('everything, for an admin', async () => {
    expect(await optionsOf('cem', 'admin')).toEqual({
      models: ['a-model', 'for ann', 'gone', 'only bob', 'secret', 'z-model'],
      providers: ['former: former gpu', 'guests: guests gpu', 'open: open gpu', 'private: private gpu']
    })
  })

  it.each([['ann'], [undefined]])(
    'models that were asked for (by %s), found without reading requests',
    async (userId) => {
      const plans = await plansOf(rows.db, (db) => listModelsAsked(db, userId))
      expect(
        wasteful(plans).filter((plan) => !/^SCAN requests USING COVERING INDEX requests_by_model$/.test(plan))
      ).toEqual([])
      for (const plan of plans) expect(plan).toMatch(/requests USING COVERING INDEX requests_by_(user_)?model/)
    }
  )
})
