import { afterEach, beforeEach, expect, it } from 'vitest'
import { plansOf, wasteful } from '../../tests/support/query-plans.ts'
import { openRequestRows, type RequestRows } from '../../tests/support/request-rows.ts'
import { likelySeconds, listMadeImages, type MadeImage } from './like-images-store.ts'

const MADE: MadeImage = {
  requestId: 'earlier',
  serviceId: 'gpu',
  kind: 'generation',
  pixels: 512 * 512,
  steps: null,
  isUnasked: true,
  seconds: 1.5
}
const ASKED = { requestId: 'now', kind: 'generation', parameters: {} }
const likely = (made: Partial<MadeImage>[], parameters: object = {}, kind = 'generation') =>
  likelySeconds(
    made.map((one) => ({ ...MADE, ...one })),
    { ...ASKED, parameters, kind }
  ).get('gpu')
const sized = (width: number, height = width) => ({ size: { width, height } })

it('is what such images took whose size was left to the engine too, however large they became', () => {
  expect(likely([{}, { seconds: 9 }, {}])).toBe(1.5)
  expect(likely([{}], { ...sized(4096), size_unasked: true })).toBe(1.5)
  expect(likely([{ isUnasked: false }])).toBeUndefined()
  expect(likely([{}], sized(512))).toBeUndefined()
})

it('goes by pixels and steps within twice as many, and is not known further away', () => {
  const made = [{ isUnasked: false, pixels: 1e6, seconds: 4 }]
  expect(likely(made, sized(2000, 1000))).toBe(8)
  expect(likely(made, sized(2000, 1001))).toBeUndefined()
  expect(likely(made, sized(500, 1000))).toBe(2)
  expect(likely(made, sized(64))).toBeUndefined()
  const stepped = [{ steps: 20, seconds: 4 }]
  expect(likely(stepped, { steps: 40 })).toBe(8)
  expect(likely(stepped, { steps: 41 })).toBeUndefined()
  expect(likely(stepped)).toBeUndefined()
})

it('goes by images of the same request alone once there are any', () => {
  expect(likely([{ requestId: 'now', isUnasked: false, seconds: 7 }, {}, {}, {}])).toBe(7)
})

it('is of edits by edits, and not known of a service that has made none', () => {
  expect(likely([{}], {}, 'edit')).toBeUndefined()
  expect(likely([{ kind: 'edit' }], {}, 'edit')).toBe(1.5)
  expect(likely([{ serviceId: 'other' }])).toBeUndefined()
})

let rows: RequestRows
beforeEach(async () => {
  rows = await openRequestRows()
})
afterEach(() => rows.close())

it('is read from the latest images of a model, measured from their beginning to their delivery', async () => {
  const { db } = rows
  await rows.addUser('ann')
  await rows.addProvider('rig', { owner_id: 'ann' })
  await rows.addService('gpu', { provider_id: 'rig' })
  const asked = [
    ['left', {}],
    ['limited', { ...sized(2048), size_unasked: true }],
    ['asked', { ...sized(512), steps: 9 }]
  ] as const
  for (const [at, [id, parameters]] of asked.entries()) {
    await rows.addRequest(id, { user_id: 'ann', parameters: JSON.stringify(parameters) })
    const steps = 'steps' in parameters ? { steps: parameters.steps } : {}
    await rows.addTask(`t${id}`, { request_id: id, state: 'succeeded', current_attempt_id: `a${id}`, ...steps })
    const attempt = { task_id: `t${id}`, request_id: id, service_id: 'gpu', provider_id: 'rig' }
    await rows.addAttempt(`a${id}`, { ...attempt, state: 'succeeded', assigned_at: 1000, finished_at: 2500 })
    await rows.addAsset(`i${id}`, { request_id: id })
    await db
      .updateTable('tasks')
      .set({ asset_id: `i${id}` })
      .where('id', '=', `t${id}`)
      .execute()
    const image = { user_id: 'ann', api_key_id: '', provider_id: 'rig', service_id: 'gpu', kind: 'generation' }
    const facts = { width: 512, height: 512, generating_ms: 86_400_000, created_at: at, first_of_request: 1 }
    await db
      .insertInto('usage_images')
      .values({ asset_id: `i${id}`, request_id: id, model: 'm', ...image, ...facts })
      .execute()
  }
  const like = { ...MADE, steps: null }
  expect(await listMadeImages(db, 'm')).toEqual([
    { ...like, requestId: 'asked', isUnasked: false, steps: 9 },
    { ...like, requestId: 'limited' },
    { ...like, requestId: 'left' }
  ])
  expect(await listMadeImages(db, 'other')).toEqual([])
  expect(wasteful(await plansOf(db, (planned) => listMadeImages(planned, 'm')))).toEqual([])
})
