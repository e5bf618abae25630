import { afterEach, beforeEach, expect, it } from 'vitest'
import { openEvents } from '../support/dashboard-events.ts'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { jobCalls } from '../support/job-calls.ts'
import { readJobEvents } from '../support/job-events.ts'
import { measuredAgain } from '../support/measured-again.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let user: TestUser
let worker: HandWorker
beforeEach(async () => {
  gateway = await startTestGateway()
  user = await gateway.addUser()
  const services = [{ models: [{ id: 'paint', features: ['generate' as const] }] }]
  worker = await startHandWorker(gateway, { key: user.key, services })
})
afterEach(async () => {
  await worker.close()
  await gateway.close()
})

/** So many images that told no steps; what is alike takes ten seconds. */
async function makeSilently(count: number): Promise<void> {
  const jobs = jobCalls(gateway, user)
  for (let made = 0; made < count; made += 1) {
    const id = await jobs.submit({ model: 'paint' })
    await worker.finish(await worker.next())
    await jobs.ended(id)
    await measuredAgain()
  }
  await gateway.database.db.updateTable('service_paces').set({ megapixel_ms: 40_000 }).execute()
}

it('is told once three images were made so, as an estimate, until the engine tells steps of its own', async () => {
  await makeSilently(3)
  const id = await jobCalls(gateway, user).submit({ model: 'paint' })
  const attempt = await worker.next()
  const told: Record<string, unknown>[] = []
  for await (const { event, data } of readJobEvents(gateway, { id, key: user.key })) {
    if (event !== 'progress') continue
    told.push(data as Record<string, unknown>)
    if (told.length === 2) {
      worker.agent.send({ type: 'attempt.progress', attempt_id: attempt.attempt_id, step: 1, steps: 4 })
      worker.agent.send({ type: 'attempt.progress', attempt_id: attempt.attempt_id, step: 2, steps: 4 })
    }
    if (data.step === 2) await worker.finish(attempt)
  }
  const estimates = told.filter(({ estimated }) => estimated === true)
  expect(estimates).toHaveLength(2)
  expect(estimates).toEqual(told.slice(0, 2))
  for (const estimate of estimates) expect(estimate).toMatchObject({ image: 0, step: 0, steps: 0 })
  const [first, second] = estimates.map(({ percent }) => percent as number)
  expect(second).toBeGreaterThan(first!)
  expect(second).toBeLessThanOrEqual(95)
  expect(told.at(-1)).toEqual({ image: 0, step: 2, steps: 4 })
})

it('is for the pages, too, and no progress of the job, which is what was told', async () => {
  await makeSilently(3)
  const page = await openEvents(gateway, { cookie: await gateway.signIn(user) })
  const jobs = jobCalls(gateway, user)
  const id = await jobs.submit({ model: 'paint' })
  await worker.next()
  const told = await page.received('progress')
  expect(told).toEqual({ requestId: id, image: 0, step: 0, steps: 0, estimated: expect.any(Number) as number })
  expect((await jobs.get(id)).progress).toBe(0)
  await page.close()
})
