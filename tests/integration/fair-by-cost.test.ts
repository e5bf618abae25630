import { afterEach, beforeEach, expect, it } from 'vitest'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { measuredAgain } from '../support/measured-again.ts'
import { plainPng } from '../support/pictures.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'

const LARGE = { width: 1024, height: 1024 }
const SMALL = { width: 256, height: 256 }

let gateway: TestGateway
let worker: HandWorker
let db: TestGateway['database']['db']
beforeEach(async () => {
  gateway = await startTestGateway()
  db = gateway.database.db
  const models = ['sd', 'flux'].map((id) => ({ id, features: ['generate' as const] }))
  worker = await startHandWorker(gateway, { key: (await gateway.addUser()).key, services: [{ models }] })
})
afterEach(async () => {
  await worker.close()
  await gateway.close()
})

const submit = async (key: string, fields: object): Promise<string> => {
  const json = { model: 'sd', prompt: 'a fox', async: true, ...fields }
  const response = await gateway.call('/v1/images/generations', { key, json })
  expect(response.status).toBe(202)
  return ((await response.json()) as { id: string }).id
}
const keysOf = async (userId: string) => {
  const rows = await db
    .selectFrom('tasks')
    .select('order_key')
    .where('user_id', '=', userId)
    .orderBy('order_key')
    .execute()
  return rows.map(({ order_key }) => order_key)
}

const paceOf = (model: string) =>
  db.selectFrom('service_paces').selectAll().where('model', '=', model).executeTakeFirst()

/** Has the service have taken so many seconds for a million pixels of a model. */
const measure = async (model: string, seconds: number) => {
  const { id } = await db.selectFrom('services').select('id').executeTakeFirstOrThrow()
  await db
    .insertInto('service_paces')
    .values({ model, service_id: id, megapixel_ms: seconds * 1000, step_ms: null })
    .execute()
  // What was known a moment ago is forgotten.
  gateway.database.bell.ring('tasks')
}

it('an image is charged for what it takes, and a retried one behind the own that wait', async () => {
  const [holder, ann] = [await gateway.addUser(), await gateway.addUser()]
  await submit(holder.key, { size: '256x256' })
  await worker.next()
  await measure('flux', 30)
  await submit(ann.key, { model: 'flux', size: '1024x1024', n: 2 })
  await submit(ann.key, { model: 'flux', size: '512x512', steps: 40 })
  const large = Math.round(30 * 10 * 1.048576)
  expect(await keysOf(ann.id)).toEqual([0, large, 2 * large])
  const canceled = await submit(ann.key, { model: 'flux', size: '512x512', n: 2 })
  await gateway.call(`/v1/jobs/${canceled}/cancel`, { key: ann.key, method: 'POST' })
  expect((await gateway.call(`/v1/jobs/${canceled}/retry`, { key: ann.key, method: 'POST' })).status).toBe(202)
  // Behind twice the usual number of steps for a quarter of the pixels.
  expect((await keysOf(ann.id)).slice(3)).toEqual([2 * large + 157, 2 * large + 157 + 79])
})

it('of a large image and many small ones each person has the same share of the machine', async () => {
  const [holder, ann, bob] = [await gateway.addUser(), await gateway.addUser(), await gateway.addUser()]
  await submit(holder.key, { size: '256x256' })
  let running = await worker.next()
  await measure('sd', 4)
  await submit(ann.key, { size: '1024x1024', n: 3 })
  await submit(bob.key, { size: '256x256', n: 10 })
  await submit(bob.key, { size: '256x256', n: 10 })
  const made: string[] = []
  const pictures = {
    large: await plainPng(LARGE, [1, 2, 3]),
    small: await plainPng(SMALL, [1, 2, 3])
  }
  for (let count = 0; count < 20; count += 1) {
    const { size } = running.task
    // Each takes as long as its pixels do, at the same pace.
    const megapixels = size?.width === LARGE.width ? 1.048576 : 0.25
    await db
      .updateTable('attempts')
      .set({ assigned_at: Date.now() - 4000 * megapixels })
      .where('id', '=', running.attempt_id)
      .execute()
    await worker.finish(running, { body: size?.width === LARGE.width ? pictures.large : pictures.small })
    running = await worker.next()
    made.push(running.task.size?.width === LARGE.width ? 'A' : 'b')
  }
  // 4.2 s against 1 s: nobody is ahead by more than an image.
  expect(made.join('')).toMatch(/^b?A(b{4,5}A){2}b*$/)
})

it('is measured here, not told by the agent, and moved little by a clock that was set', async () => {
  const ann = await gateway.addUser()
  const make = async (fields: object = {}) => {
    const id = await submit(ann.key, { size: '256x256', ...fields })
    const attempt = await worker.next()
    return {
      id,
      finish: async () =>
        worker.finish(attempt, { body: await plainPng(SMALL, [1, 2, 3]), result: { generating_ms: 86_400_000 } }),
      isFrom: (ms: number) =>
        db
          .updateTable('attempts')
          .set({ assigned_at: Date.now() - ms })
          .where('id', '=', attempt.attempt_id)
          .execute()
    }
  }
  await (await make()).finish()
  const first = (await paceOf('sd'))?.megapixel_ms ?? 0
  expect(first).toBeGreaterThan(0)
  expect(first).toBeLessThan(60_000)
  await measuredAgain()
  const late = await make()
  await late.isFrom(365 * 86_400_000)
  await late.finish()
  const second = (await paceOf('sd'))?.megapixel_ms ?? 0
  expect(second).toBeLessThanOrEqual(first * 1.6 + 1)
  await measuredAgain()
  const early = await make()
  await early.isFrom(-86_400_000)
  await early.finish()
  const third = (await paceOf('sd'))?.megapixel_ms ?? 0
  expect(third).toBeGreaterThanOrEqual(second * 0.85 - 1)
  expect(third).toBeLessThan(second)
  // An image whose steps are named is measured by them.
  await (await make({ steps: 10 })).finish()
  expect(await paceOf('sd')).toMatchObject({ megapixel_ms: third })
  expect((await paceOf('sd'))?.step_ms).toBeGreaterThan(0)
})
