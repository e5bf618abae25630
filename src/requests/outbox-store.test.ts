import { afterAll, beforeAll, expect, test } from 'vitest'
import { plansOf } from '../../tests/support/query-plans.ts'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import type { Trx } from '../db/database.ts'
import { countPendingWebhooks } from './outbox-store.ts'

let rows: RequestRows
beforeAll(async () => {
  rows = await openRequestRows()
  await rows.addUser('ann')
})
afterAll(() => rows.close())

test('webhooks to come are counted without a look at what tells nobody, however much of that waits', async () => {
  await rows.addRequest('silent', { user_id: 'ann' })
  await rows.addRequest('told', { user_id: 'ann', webhook_url: 'https://example.org/' })
  await rows.addRequest('was told', { user_id: 'ann', webhook_url: 'https://example.org/', state: 'succeeded' })
  expect(await countPendingWebhooks(rows.db as Trx, 'ann')).toBe(1)
  const plans = await plansOf(rows.db, (db) => countPendingWebhooks(db as Trx, 'ann'))
  expect(plans).toEqual([
    expect.stringContaining('COVERING INDEX webhook_deliveries_pending (user_id=?'),
    'SEARCH requests USING INDEX requests_with_webhook (user_id=? AND state=?)'
  ])
})
