import { afterEach, beforeEach, expect, it } from 'vitest'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { listExpectedTimes } from './expected-times-store.ts'

let rows: RequestRows
beforeEach(async () => {
  rows = await openRequestRows()
  await rows.addUser('ann')
  await rows.addProvider('rig', { owner_id: 'ann' })
  await rows.addService('gpu', { provider_id: 'rig' })
})
afterEach(() => rows.close())

interface Known {
  silent?: number
  parameters?: object
  kind?: string
  steps?: number
  progressedAt?: number
  state?: 'running' | 'succeeded'
}

/** How long an image of a million pixels is expected to take, of a service that takes eight seconds for one. */
async function expected({ silent = 3, parameters, kind = 'generation', steps, progressedAt, state }: Known = {}) {
  const { db } = rows
  const paces = { megapixel_ms: 8000, megapixel_silent: silent, step_ms: 100, step_silent: silent }
  await db
    .insertInto('service_paces')
    .values({ model: 'm', service_id: 'gpu', ...paces })
    .execute()
  const asked = JSON.stringify(parameters ?? { size: { width: 1000, height: 1000 } })
  await rows.addRequest('req', { user_id: 'ann', parameters: asked, kind: kind as 'edit' })
  await rows.addTask('tsk', { request_id: 'req', state: 'running', pixels: 1e6, ...(steps && { steps }) })
  const attempt = { task_id: 'tsk', request_id: 'req', service_id: 'gpu', provider_id: 'rig', assigned_at: 7 }
  await rows.addAttempt('att', { ...attempt, state: state ?? 'running', progressed_at: progressedAt ?? null })
  return (await listExpectedTimes(db, ['att', 'nobody'])).get('att')
}

it('is as long as others took on the same service, by their pixels', async () => {
  expect(await expected()).toEqual({ beganAt: 7, expectedMs: 8000 })
})

it('goes by the steps where they are named', async () => {
  expect(await expected({ steps: 30 })).toMatchObject({ expectedMs: 3000 })
})

it('is known of an edit, which is as large as its image', async () => {
  expect(await expected({ kind: 'edit', parameters: {} })).toMatchObject({ expectedMs: 8000 })
})

it.each<[string, Known]>([
  ['too few were made', { silent: 2 }],
  ['its size is left to the engine', { parameters: {} }],
  ['its size is no more than a limit', { parameters: { size: { width: 1000, height: 1000 }, size_unasked: true } }],
  ['its engine has told steps', { progressedAt: 1 }]
])('is not known when %s', async (_why, known) => {
  expect(await expected(known)).toEqual({ beganAt: 7, expectedMs: null })
})

it('is not told of what does not run', async () => {
  expect(await expected({ state: 'succeeded' })).toBeUndefined()
})
