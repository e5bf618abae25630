import { expect, it } from 'vitest'
import type { RequestState } from '../../db/tables.ts'
import { presentBatch } from './present-batch.ts'

const STATES: Record<string, RequestState> = {
  Q: 'queued',
  P: 'running',
  D: 'succeeded',
  F: 'failed',
  C: 'canceled',
  // Begun, and held.
  H: 'running'
}

it.each([
  // jobs → status, queued, processing, processed, failed, canceled
  ['QQ', 'PENDING', 2, 0, 0, 0, 0],
  ['QP', 'PROCESSING', 1, 1, 0, 0, 0],
  ['QH', 'PENDING', 2, 0, 0, 0, 0],
  ['HP', 'PROCESSING', 1, 1, 0, 0, 0],
  ['QD', 'PROCESSING', 1, 0, 1, 0, 0],
  ['QC', 'PROCESSING', 1, 0, 0, 0, 1],
  ['PPF', 'PROCESSING', 0, 2, 0, 1, 0],
  ['D', 'DONE', 0, 0, 1, 0, 0],
  ['DFC', 'DONE', 0, 0, 1, 1, 1],
  ['CC', 'DONE', 0, 0, 0, 0, 2],
  // All of its jobs have been deleted.
  ['', 'DONE', 0, 0, 0, 0, 0]
] as const)('a batch of %s is %s', (jobs, status, queued, processing, processed, failed, canceled) => {
  const requests = [...jobs].map((letter, index) => ({ id: `req_${index}`, state: STATES[letter] ?? 'queued' }))
  const batch = { id: 'bat_1', user_id: 'usr_1', label: null, created_at: 1_780_266_332_999 }
  const held = new Set(requests.flatMap(({ id }, index) => (jobs[index] === 'H' ? [id] : [])))
  expect(presentBatch({ batch, requests }, held)).toEqual({
    id: 'bat_1',
    object: 'inference.batch',
    label: null,
    status,
    total: jobs.length,
    queued,
    processing,
    processed,
    failed,
    canceled,
    created: 1_780_266_332,
    jobs: requests.map(({ id }) => ({ id, status: expect.any(String) }))
  })
})
