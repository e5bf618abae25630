import { afterEach, beforeEach, expect, it } from 'vitest'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import type { OfferingConfig } from '../config/config.ts'
import type { Offer } from '../providers/offers-store.ts'
import { createFindCapped } from './find-capped.ts'

const OFFERING = { newProviderAtOnce: 1, newProviderPerHour: 2 } as OfferingConfig

let rows: RequestRows
beforeEach(async () => {
  rows = await openRequestRows()
  for (const id of ['owner', 'ann']) await rows.addUser(id)
  await rows.addProvider('prv', { owner_id: 'owner' })
  await rows.addService('svc', { provider_id: 'prv' })
})
afterEach(() => rows.close())

const run = async (id: string) => {
  await rows.addRequest(id, { user_id: 'ann', state: 'running' })
  await rows.addTask(id, { request_id: id })
  await rows.addAttempt(id, { task_id: id, request_id: id, state: 'running' })
}
const find = async (userId: string, change: Partial<Offer>) => {
  const offer = { serviceId: 'svc', providerId: 'prv', ownerId: 'owner', reach: 'all', ...change } as Offer
  return [...(await createFindCapped({ db: rows.db, clock: { now: () => 0 } }, OFFERING)([offer, offer], userId))]
}

it('finds services of which somebody has had all that their owners let them have, and of new ones the club', async () => {
  expect(await find('ann', {})).toEqual([])
  expect(await find('ann', { imagesPerHour: 1 })).toEqual([])
  await run('one')
  expect(await find('ann', { imagesPerHour: 1 })).toEqual(['svc'])
  expect(await find('owner', { imagesPerHour: 1 })).toEqual([])
  // A new one that makes as many as it may at a time goes on when one is done.
  expect(await find('ann', { reach: 'few' })).toEqual([])
  // Not for who has had their own share of it.
  expect(await find('ann', { reach: 'few', imagesPerUserHour: 1 })).toEqual(['svc'])
  await run('two')
  expect(await find('ann', { reach: 'few' })).toEqual(['svc'])
  expect(await find('ann', {})).toEqual([])
})
