import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Submission } from '../../src/requests/submission.ts'
import { batchCalls } from '../support/batch-calls.ts'
import { callJson } from '../support/call-json.ts'
import { type Assigned, type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { jobCalls } from '../support/job-calls.ts'
import { readError } from '../support/read-error.ts'
import { requestPages } from '../support/request-pages.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const GENERATE = ['generate' as const]

let gateway: TestGateway
let models = 0

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_MAX_IMAGES_PER_REQUEST: '100' } })
})

afterAll(() => gateway.close())

const newModel = () => `model-${++models}`

/** Queues images as a synchronous call does, without a caller who waits for them. */
async function submitInteractive(
  { id: userId, email, keyId }: TestUser,
  wanted: { model: string; prompt?: string; n?: number; to?: TestGateway }
): Promise<string> {
  const { model, prompt = 'x', n = 1, to = gateway } = wanted
  const submission: Submission = {
    principal: {
      userId,
      email,
      keyId,
      role: 'member',
      scopes: ['generate'],
      limits: { key: {}, user: {} },
      emailVerified: true,
      responseDefault: 'url'
    },
    image: { kind: 'generation', model, prompt, n, parameters: { extra: {} }, warnings: [] },
    inputs: [],
    isAsync: false,
    routing: 'any'
  }
  return (await to.gateway.context.requests.submit(submission)).id
}

/** A worker with one slot for a new model; the slot is busy until `free` is called. */
async function busyWorker(
  on: TestGateway = gateway
): Promise<{ model: string; worker: HandWorker; free(): Promise<void> }> {
  const owner = await on.addUser()
  const model = newModel()
  const worker = await startHandWorker(on, {
    key: owner.key,
    services: [{ models: [{ id: model, features: GENERATE }] }]
  })
  await jobCalls(on, owner).submit({ model })
  const first = await worker.next()
  return { model, worker, free: () => worker.finish(first) }
}

/** Finishes one image after the other; the prompts in the order they were given out. */
async function workOff(worker: HandWorker, count: number): Promise<string[]> {
  const prompts: string[] = []
  for (let i = 0; i < count; i++) {
    const attempt = await worker.next()
    prompts.push(attempt.task.prompt)
    await worker.finish(attempt)
  }
  return prompts
}

const cancelAll = async (user: TestUser) => {
  const jobs = jobCalls(gateway, user)
  for (const { id } of (await jobs.list('?active=1&limit=200')).data) await jobs.cancel(id)
}

describe('between the classes', () => {
  /** One that has dispatched nothing yet: rounds are counted from the start of a gateway. */
  let fresh: TestGateway
  beforeAll(async () => {
    fresh = await startTestGateway()
  })
  afterAll(() => fresh.close())

  it('the interactive go first, then jobs, then batches; and none of them ever stands still', async () => {
    const [caller, jobber, batcher] = [await fresh.addUser(), await fresh.addUser(), await fresh.addUser()]
    const { model, worker, free } = await busyWorker(fresh)
    const endpoint = '/v1/images/generations'
    const requests = Array.from({ length: 4 }, () => ({ endpoint, body: { model, prompt: 'batch' } }))
    await batchCalls(fresh, batcher).submit(requests)
    for (let i = 0; i < 10; i++) await jobCalls(fresh, jobber).submit({ model, prompt: 'job' })
    for (let i = 0; i < 60; i++) await submitInteractive(caller, { model, prompt: 'interactive', to: fresh })
    await free()
    const order = await workOff(worker, 64)
    expect(order.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => 'interactive'))
    // While the interactive keep coming: of every eight images one is a job's, of every 32 one is a batch's.
    const share = (prompt: string) => order.filter((one) => one === prompt).length
    expect([share('interactive'), share('job'), share('batch')]).toEqual([56, 6, 2])
    const gaps = (prompt: string) => order.flatMap((one, at) => (one === prompt ? [at] : []))
    expect(gaps('job')).toEqual([6, 14, 22, 38, 46, 54])
    expect(gaps('batch')).toEqual([30, 62])
    // Then the others, the jobs first.
    const rest = await workOff(worker, 10)
    expect(rest.toSorted()).toEqual(['batch', 'batch', ...Array(4).fill('interactive'), ...Array(4).fill('job')])
    expect(rest.indexOf('job')).toBeGreaterThan(rest.indexOf('interactive'))
    expect(rest.slice(-2)).toEqual(['batch', 'batch'])
    await worker.close()
  })
})

describe('between users', () => {
  it('one with 500 queued images makes nobody wait for more than one', async () => {
    const [heavy, ...light] = [
      await gateway.addUser(),
      await gateway.addUser(),
      await gateway.addUser(),
      await gateway.addUser()
    ]
    const { model, worker, free } = await busyWorker()
    for (let i = 0; i < 5; i++) await submitInteractive(heavy!, { model, prompt: 'heavy', n: 100 })
    await free()
    expect(await workOff(worker, 3)).toEqual(['heavy', 'heavy', 'heavy'])
    for (const [index, user] of light.entries()) {
      const running = await worker.next()
      await submitInteractive(user, { model, prompt: `light ${index}` })
      await worker.finish(running)
      expect(await workOff(worker, 1)).toEqual([`light ${index}`])
    }
    // Three who come together: each waits for the one that runs and for the other two at most.
    const running = await worker.next()
    for (const [index, user] of light.entries())
      await submitInteractive(user, { model, prompt: `light ${index}`, n: 2 })
    await worker.finish(running)
    const order = await workOff(worker, 8)
    expect(order.slice(0, 3).toSorted()).toEqual(['light 0', 'light 1', 'light 2'])
    expect(order.filter((prompt) => prompt === 'heavy').length).toBeLessThanOrEqual(2)
    expect(order.slice(0, 7).filter((prompt) => prompt !== 'heavy')).toHaveLength(6)
    const left = await gateway.gateway.context.requestViews.list({
      userId: heavy!.id,
      states: ['running', 'queued'],
      limit: 10
    })
    for (const { request } of left.views) await gateway.gateway.context.requests.cancel(request.id)
    await worker.close()
  })

  it('slots are shared evenly, of batches too', async () => {
    const [ann, bob] = [await gateway.addUser(), await gateway.addUser()]
    const owner = await gateway.addUser()
    const model = newModel()
    const endpoint = '/v1/images/generations'
    const requests = (prompt: string, count: number) =>
      Array.from({ length: count }, () => ({ endpoint, body: { model, prompt } }))
    const services = [{ concurrency: 4, models: [{ id: model, features: GENERATE }] }]
    const worker = await startHandWorker(gateway, { key: owner.key, services })
    await batchCalls(gateway, ann).submit(requests('ann', 40))
    const running: Assigned[] = []
    for (let i = 0; i < 4; i++) running.push(await worker.next())
    await batchCalls(gateway, bob).submit(requests('bob', 40))
    for (let i = 0; i < 8; i++) {
      await worker.finish(running.shift()!)
      running.push(await worker.next())
      if (i >= 1) expect(running.filter(({ task }) => task.prompt === 'bob')).toHaveLength(2)
    }
    await Promise.all([cancelAll(ann), cancelAll(bob)])
    await worker.close()
  })
})

describe('the model that is loaded', () => {
  it('decides between free services', async () => {
    const owner = await gateway.addUser()
    const jobs = jobCalls(gateway, owner)
    const [left, right] = [newModel(), newModel()]
    const services = [{ models: [left, right].map((id) => ({ id, features: GENERATE })) }]
    const first = await startHandWorker(gateway, { key: owner.key, name: 'first', services })
    await jobs.submit({ model: right })
    const warm = await first.next()
    const second = await startHandWorker(gateway, { key: owner.key, name: 'second', services })
    await jobs.submit({ model: left })
    await second.finish(await second.next())
    await first.finish(warm)
    await gateway.drain()
    for (const order of [
      [left, right],
      [right, left],
      [right, left],
      [left, right]
    ]) {
      const requests = order.map((model) => ({ endpoint: '/v1/images/generations', body: { model, prompt: 'x' } }))
      await batchCalls(gateway, owner).submit(requests)
      const [one, two] = [await first.next(), await second.next()]
      expect([one.model, two.model]).toEqual([right, left])
      await first.finish(one)
      await second.finish(two)
    }
    await first.close()
    await second.close()
  })
})

describe('inference_club_routing', () => {
  /** A member and a stranger, each with a worker for the same model. */
  async function twoOwners() {
    const [member, stranger] = [await gateway.addUser(), await gateway.addUser()]
    const model = newModel()
    const models = [{ id: model, features: GENERATE }]
    // Nothing but the caller's wish speaks for the own one: it is smaller, and was there later.
    const others = await startHandWorker(gateway, { key: stranger.key, services: [{ models, concurrency: 3 }] })
    const own = await startHandWorker(gateway, { key: member.key, services: [{ models }] })
    const close = async () => {
      await own.close()
      await others.close()
    }
    return { member, stranger, model, own, others, jobs: jobCalls(gateway, member), close }
  }

  it('prefer_own takes the own provider while it is free, and does not wait for it', async () => {
    const { model, own, others, jobs, close } = await twoOwners()
    for (let i = 0; i < 3; i++) {
      const id = await jobs.submit({ model, inference_club_routing: 'prefer_own' })
      const attempt = await own.next()
      const next = await jobs.submit({ model, inference_club_routing: 'prefer_own' })
      await others.finish(await others.next())
      await own.finish(attempt)
      await jobs.ended(id)
      await jobs.ended(next)
    }
    await close()
  })

  it('only_own waits for the own provider, however free the others are', async () => {
    const { member, stranger, model, own, others, jobs, close } = await twoOwners()
    const blocking = await jobs.submit({ model, inference_club_routing: 'only_own' })
    const attempt = await own.next()
    const waiting = await jobs.submit({ model, inference_club_routing: 'only_own' })
    // Whoever may go elsewhere does, though it came later.
    const passing = await jobCalls(gateway, stranger).submit({ model })
    await others.finish(await others.next())
    await jobCalls(gateway, stranger).ended(passing)
    expect(await jobs.get(waiting)).toMatchObject({ status: 'QUEUED', attempts: [] })
    // Nor does it fail over to anybody else.
    const { attempt_id, token } = attempt
    own.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'crashed', message: 'It fell over.' })
    await own.finish(await own.next())
    await own.finish(await own.next())
    for (const id of [blocking, waiting]) expect(await jobs.ended(id)).toMatchObject({ status: 'PROCESSED' })
    expect(others.assigned()).toHaveLength(1)
    const rows = await gateway.database.db
      .selectFrom('usage_images')
      .innerJoin('providers', 'providers.id', 'usage_images.provider_id')
      .select('providers.owner_id')
      .where('user_id', '=', member.id)
      .execute()
    expect(rows).toEqual([{ owner_id: member.id }, { owner_id: member.id }])
    await close()
  })

  it('only_own is refused to who has no provider of that model', async () => {
    const { model, close } = await twoOwners()
    const somebody = await gateway.addUser()
    for (const async of [true, false]) {
      const json = { model, prompt: 'x', async, inference_club_routing: 'only_own' }
      const response = await gateway.call('/v1/images/generations', { key: somebody.key, json })
      expect([response.status, (await readError(response)).code]).toEqual([404, 'no_provider'])
    }
    await close()
  })

  it('stays with a job that is retried, or is made by a batch', async () => {
    const { member, model, own, others, jobs, close } = await twoOwners()
    const body = { model, prompt: 'x', inference_club_routing: 'only_own' }
    const batch = await batchCalls(gateway, member).submit([{ endpoint: '/v1/images/generations', body }])
    const id = batch.jobs[0]?.id ?? ''
    const { attempt_id, token } = await own.next()
    own.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'bad_request', message: 'Not like this.' })
    await jobs.when(id, 'FAILED')
    await own.close()
    const { registry } = gateway.gateway.context
    await waitFor(() => registry.sessions().every(({ principal }) => principal.userId !== member.id))
    await jobs.retry(id)
    const passing = await jobs.submit({ model })
    await others.finish(await others.next())
    await jobs.ended(passing)
    expect(await jobs.get(id)).toMatchObject({ status: 'QUEUED' })
    await jobs.cancel(id)
    await close()
  })

  it('is any, or refused by name', async () => {
    const { key, jobs, model, own, close } = await twoOwners().then((all) => ({ ...all, key: all.member.key }))
    const answer = await gateway.call('/v1/images/generations', {
      key,
      json: { model, prompt: 'x', inference_club_routing: 'nearest' }
    })
    expect([answer.status, (await readError(answer)).param]).toEqual([400, 'inference_club_routing'])
    const id = await jobs.submit({ model, inference_club_routing: 'any' })
    expect((await jobs.get(id)).parameters).not.toHaveProperty('inference_club_routing')
    await jobs.cancel(id)
    await own.close()
    await close()
  })
})

describe('the limits of the queue', () => {
  let small: TestGateway
  beforeAll(async () => {
    small = await startTestGateway({
      env: { INFERENCE_CLUB_LIMITS_QUEUE_PER_USER: '5', INFERENCE_CLUB_LIMITS_QUEUE_TOTAL: '8' }
    })
  })
  afterAll(() => small.close())

  it('hold for a user and for all, to the image', async () => {
    const { model, worker, free } = await busyWorker(small)
    const [ann, bob, cy] = [await small.addUser(), await small.addUser(), await small.addUser()]
    const send = async ({ key }: TestUser, fields: Record<string, unknown> = {}) => {
      const json = { model, prompt: 'x', async: true, ...fields }
      const { status, headers, body } = await callJson<{ error?: { code: string } }>(small, '/v1/images/generations', {
        key,
        json
      })
      return [status, body.error?.code, headers.get('retry-after') !== null]
    }
    const [accepted, full] = [
      [202, undefined, false],
      [503, 'queue_full', true]
    ]
    // One image runs already.
    expect(await send(ann, { n: 6 })).toEqual(full)
    expect(await send(ann, { n: 4 })).toEqual(accepted)
    expect(await send(ann, { n: 2 })).toEqual(full)
    expect(await send(ann)).toEqual(accepted)
    expect(await send(ann)).toEqual(full)
    expect(await send(ann, { async: false })).toEqual(full)
    expect(await send(bob, { n: 3 })).toEqual(full)
    expect(await send(bob, { n: 2 })).toEqual(accepted)
    expect(await send(cy)).toEqual(full)
    await free()
    await waitFor(() => worker.assigned().length === 2)
    expect(await send(cy)).toEqual(accepted)
    expect(await send(bob)).toEqual(full)
    for (const user of [ann, bob, cy]) {
      for (const { id } of (await jobCalls(small, user).list('?active=1')).data) await jobCalls(small, user).cancel(id)
    }
    await worker.close()
  })

  it('hold for callers who come together', async () => {
    const { model, worker, free } = await busyWorker(small)
    const user = await small.addUser()
    // Not over HTTP, where SQLite has answered one call before the next has been read.
    const calls = Array.from({ length: 20 }, () => submitInteractive(user, { model, to: small }))
    const outcomes = await Promise.allSettled(calls)
    const accepted = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as { code: string }] : []))
    expect(accepted).toHaveLength(5)
    expect(refused.map(({ code }) => code)).toEqual(Array(15).fill('queue_full'))
    for (const id of accepted) await jobCalls(small, user).cancel(id)
    await free()
    await worker.close()
  })

  it('hold for retries', async () => {
    const { model, worker, free } = await busyWorker(small)
    const jobs = jobCalls(small, await small.addUser())
    const canceled = await jobs.submit({ model })
    await jobs.cancel(canceled)
    const filling = await jobs.submit({ model, n: 5 })
    expect(await jobs.retry(canceled)).toMatchObject({ status: 503, body: { error: { code: 'queue_full' } } })
    expect(await jobs.get(canceled)).toMatchObject({ status: 'CANCELED' })
    await jobs.cancel(filling)
    expect((await jobs.retry(canceled)).status).toBe(202)
    await jobs.cancel(canceled)
    await free()
    await worker.close()
  })
})

/** Has the images of a model that were made be of a million pixels, and have taken so long. */
async function measure(model: string, ms: number): Promise<void> {
  const { db } = gateway.database
  await db.updateTable('usage_images').set({ width: 1000, height: 1000 }).where('model', '=', model).execute()
  const { numUpdatedRows } = await db
    .updateTable('attempts')
    .set({ assigned_at: sql<number>`finished_at - ${ms}` })
    .where('request_id', 'in', (e) => e.selectFrom('requests').select('id').where('model', '=', model))
    .executeTakeFirst()
  expect(numUpdatedRows).toBeGreaterThan(0n)
}

/** Has what is made of a job be under way for so long. */
async function begunBefore(requestId: string, ms: number): Promise<void> {
  await gateway.database.db
    .updateTable('attempts')
    .set({ assigned_at: gateway.database.clock.now() - ms })
    .where('request_id', '=', requestId)
    .where('state', '=', 'running')
    .execute()
}

describe('eta_seconds', () => {
  it('is told from what was measured of the services that could make the images', async () => {
    const owner = await gateway.addUser()
    const jobs = jobCalls(gateway, owner)
    const model = newModel()
    const services = (name: string, concurrency: number) => [
      { name, concurrency, models: [{ id: model, features: GENERATE }] }
    ]
    const quick = await startHandWorker(gateway, { key: owner.key, services: services('quick', 1) })
    const measured = await jobs.submit({ model })
    expect(await jobs.get(measured)).not.toHaveProperty('eta_seconds')
    // What the agent says is no measure.
    await quick.finish(await quick.next(), { result: { generating_ms: 86_400_000 } })
    await jobs.ended(measured)
    await measure(model, 4000)

    // A million pixels took 4 s; of an image of twice as many it takes 8, and of a larger one nobody knows.
    const size = '1000x1000'
    const running = await jobs.submit({ model, size })
    const first = await quick.next()
    const [second, third, large] = [
      await jobs.submit({ model, size }),
      await jobs.submit({ model, size, n: 2 }),
      await jobs.submit({ model, size: '2000x1000' })
    ]
    const huge = await jobs.submit({ model, size: '2000x2000' })
    const told = async (id: string) => {
      const { queue_position, eta_seconds } = await jobs.get(id)
      return [queue_position, eta_seconds]
    }
    // Its engine tells no steps: what has passed is taken off, of those that wait what has passed of the one before them.
    await begunBefore(running, 100)
    expect(await told(running)).toEqual([undefined, 4])
    expect(await told(second)).toEqual([1, 8])
    await begunBefore(running, 2100)
    expect(await told(running)).toEqual([undefined, 2])
    // 1.9 s and 1 image of 4 s, 3 of 4 s, 4 of 8 s.
    expect(await told(second)).toEqual([1, 6])
    expect(await told(third)).toEqual([2, 14])
    expect(await told(large)).toEqual([4, 34])
    expect(await told(huge)).toEqual([5, undefined])
    expect((await jobs.list()).data.map(({ eta_seconds }) => eta_seconds)).toEqual([undefined, 34, 14, 6, 2, undefined])

    // A private service of somebody else is of no use, one more of the own halves the wait.
    const stranger = await gateway.addUser()
    const closed = services('closed', 50).map((service) => ({ ...service, access: 'private' as const }))
    const useless = await startHandWorker(gateway, { key: stranger.key, services: closed })
    expect(await told(large)).toEqual([4, 34])
    // It takes longer than like ones did: nobody knows when it is done.
    await begunBefore(running, 4001)
    for (const id of [running, second, large]) expect((await told(id))[1]).toBeUndefined()
    const { items } = await requestPages(gateway, { cookie: await gateway.signIn(owner) }).queue()
    expect(items.map((one) => [one.etaSeconds, one.isOverdue])).toEqual([
      ...Array.from({ length: 4 }, () => [null, true]),
      [null, false]
    ])
    await begunBefore(running, 2100)
    const twin = await startHandWorker(gateway, { key: owner.key, services: services('twin', 1) })
    await twin.next()
    await begunBefore(second, 100)
    // Free in 1.9 and 3.9 s.
    expect(await told(third)).toEqual([1, 8])
    expect(await told(large)).toEqual([3, 18])
    // Its image server cannot be used any more: nobody knows when what it makes is done.
    const { id: service_id } = await gateway.database.db
      .selectFrom('services')
      .select('id')
      .where('name', '=', 'quick')
      .executeTakeFirstOrThrow()
    const pause = {
      service_id,
      model: '',
      reason: 'unreachable',
      in_row: 1,
      since: Date.now(),
      until: Date.now() + 60_000
    }
    await gateway.database.db.insertInto('service_pauses').values(pause).execute()
    expect(await told(running)).toEqual([undefined, undefined])
    await quick.finish(first)
    await cancelAll(owner)
    for (const worker of [quick, twin, useless]) await worker.close()
  })

  it.each(['images_per_hour', 'images_per_user_hour'] as const)(
    'is not told where %s lets not all be made before the hour has moved on',
    async (cap) => {
      const [owner, friend] = [await gateway.addUser(), await gateway.addUser()]
      const [own, jobs] = [jobCalls(gateway, owner), jobCalls(gateway, friend)]
      const model = newModel()
      const services = [{ name: 'capped', concurrency: 1, [cap]: 4, models: [{ id: model, features: GENERATE }] }]
      const worker = await startHandWorker(gateway, { key: owner.key, services })
      const make = async (calls: typeof jobs) => {
        const id = await calls.submit({ model, size: '1000x1000' })
        await worker.finish(await worker.next())
        await calls.ended(id)
      }
      await make(own)
      await make(jobs)
      await measure(model, 4000)
      const running = await jobs.submit({ model, size: '1000x1000' })
      const first = await worker.next()
      // Of four one was made and one is being made.
      const told = async (n: number, calls = jobs) => {
        const id = await calls.submit({ model, size: '1000x1000', n })
        const { eta_seconds: seconds } = await calls.get(id)
        await calls.cancel(id)
        return seconds
      }
      expect([await told(2), await told(3), await told(3, own)]).toEqual([
        expect.any(Number),
        undefined,
        expect.any(Number)
      ])
      // Those before it use it up as well; who has fewer waiting comes in between.
      const waiting = [await jobs.submit({ model, size: '1000x1000' }), await jobs.submit({ model, size: '1000x1000' })]
      const etas = await Promise.all(waiting.map(async (id) => (await jobs.get(id)).eta_seconds))
      expect(etas).toEqual([expect.any(Number), expect.any(Number)])
      const another = jobCalls(gateway, await gateway.addUser())
      expect([await told(1), await told(1, another), await told(1, own)]).toEqual([
        undefined,
        expect.any(Number),
        expect.any(Number)
      ])
      for (const id of waiting) await jobs.cancel(id)
      await worker.finish(first)
      await jobs.ended(running)
    }
  )

  it('is told of an image that is held ready, which has its place within a limit already', async () => {
    const [owner, friend] = [await gateway.addUser(), await gateway.addUser()]
    const jobs = jobCalls(gateway, friend)
    const model = newModel()
    const worker = await startHandWorker(gateway, {
      key: owner.key,
      services: [{ name: 'ahead', prefetch: 1, images_per_user_hour: 3, models: [{ id: model, features: GENERATE }] }]
    })
    const made = await jobs.submit({ model, size: '1000x1000' })
    await worker.finish(await worker.next())
    await jobs.ended(made)
    await measure(model, 4000)
    await jobs.submit({ model, size: '1000x1000' })
    const running = await worker.next()
    const held = await jobs.submit({ model, size: '1000x1000' })
    const standby = await worker.next()
    expect(await jobs.get(held)).toMatchObject({ status: 'QUEUED', eta_seconds: expect.any(Number) })
    const third = await jobs.submit({ model, size: '1000x1000' })
    expect(await jobs.get(third)).toMatchObject({ waiting: { reason: 'capped', own_share: true } })
    await jobs.cancel(third)
    await worker.finish(running)
    await worker.finish(standby)
    await worker.close()
  })
})
