import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Overview } from '../../src/http/dashboard/contract/account.ts'
import type { RequestSummary, WaitReason } from '../../src/http/dashboard/contract/requests.ts'
import { CLOSE_CODES } from '../../src/protocol/messages.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { openEvents } from '../support/dashboard-events.ts'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { jobCalls } from '../support/job-calls.ts'
import { requestPages } from '../support/request-pages.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let made = 0
beforeAll(async () => {
  gateway = await startTestGateway()
})
afterAll(() => gateway.close())

/** Somebody whose request of three images has the first of them, from a machine that was given the second. */
async function begin(model: string, service: object = {}) {
  const owner = await gateway.addUser()
  const services = [{ concurrency: 1, models: [{ id: model, features: ['generate' as const] }], ...service }]
  const worker = await startHandWorker(gateway, { key: owner.key, services })
  const friend = await gateway.addPerson()
  const { key } = await gateway.addKey(friend)
  const id = await jobCalls(gateway, { key }).submit({ model, n: 3 })
  await worker.finish(await worker.next())
  return { friend, key, worker, id }
}

type Shown = Pick<RequestSummary, 'status' | 'wait' | 'queuePosition' | 'making'>

/** What each page says of a request. */
async function everywhere({ friend, id }: { friend: TestPerson; id: string }): Promise<Record<string, Shown>> {
  const pages = requestPages(gateway, friend)
  const { latest } = (await callDashboard<Overview>(gateway, friend, 'overview')).body
  const of = (items: readonly RequestSummary[]): Shown => {
    const { status, wait, queuePosition, making } = items.find((item) => item.id === id)!
    return { status, wait, queuePosition, making }
  }
  return {
    list: of((await pages.list()).items),
    overview: of(latest),
    queue: of((await pages.queue()).items),
    page: of([await pages.detail(id)])
  }
}

const allSay = (shown: Shown) => ({ list: shown, overview: shown, queue: shown, page: shown })

const statusOnApi = async ({ key, id }: { key: string; id: string }) =>
  (await jobCalls(gateway, { key }).get(id)).status

/** Ids of what the lists hold that are narrowed to a status. */
async function narrowed({ friend }: { friend: TestPerson }, status: 'queued' | 'running' | 'active') {
  return (await requestPages(gateway, friend).list({ status })).items.map((item) => item.id)
}

const stop = async ({ worker }: { worker: HandWorker }) => {
  await worker.close()
}

/** A begun request of one image, made as a batch, whose first try has just begun, while the other machine that could make it is busy. */
async function beginOne(model: string) {
  const connect = async () => {
    const services = [{ concurrency: 1, models: [{ id: model, features: ['generate' as const] }] }]
    return startHandWorker(gateway, { key: (await gateway.addUser()).key, services })
  }
  const friend = await gateway.addPerson()
  const { key } = await gateway.addKey(friend)
  const worker = await connect()
  const json = { requests: [{ endpoint: '/v1/images/generations', body: { model, prompt: 'a fox', size: '32x32' } }] }
  const made = await gateway.call('/v1/batches', { key, json })
  const batch = (await made.json()) as { id: string; jobs: { id: string }[] }
  const attempt = await worker.next()
  const busy = await connect()
  await jobCalls(gateway, { key }).submit({ model })
  const other = await busy.next()
  return { friend, key, worker, id: batch.jobs[0]!.id, batchId: batch.id, attempt, busy, other }
}

type One = Awaited<ReturnType<typeof beginOne>>
const fails =
  (fault: 'busy' | 'timeout', more: object = {}) =>
  ({ worker, attempt: { attempt_id, token } }: One) =>
    worker.agent.send({ type: 'attempt.failed', attempt_id, token, fault, message: 'no', ...more })

describe('a request that was begun and has come to nothing yet', () => {
  it.each([
    ['was taken back out of a queue', fails('busy', { retry_after_ms: 60_000 })],
    ['failed, and is tried again', fails('timeout')],
    ['was lost with its machine', ({ worker }: One) => worker.agent.socket.close(CLOSE_CODES.leaving)]
  ])('waits for its turn on every page where its image %s', async (_what, end) => {
    const begun = await beginOne(`begun-one-${++made}`)
    expect(await everywhere(begun)).toMatchObject({ page: { status: 'running', making: [{ image: 0 }] } })
    end(begun)
    const shown = { status: 'queued' as const, wait: null, queuePosition: 1, making: [] }
    await waitFor(async () => (await everywhere(begun)).page?.making.length === 0)
    expect(await everywhere(begun)).toEqual(allSay(shown))
    expect(await statusOnApi(begun)).toBe('QUEUED')
    expect(await narrowed(begun, 'queued')).toEqual([begun.id])
    expect(await narrowed(begun, 'running')).not.toContain(begun.id)
    const batch = await gateway.call(`/v1/batches/${begun.batchId}`, { key: begun.key })
    expect(await batch.json()).toMatchObject({
      status: 'PENDING',
      queued: 1,
      processing: 0,
      jobs: [{ status: 'QUEUED' }]
    })

    await begun.busy.finish(begun.other)
    await begun.busy.next()
    expect(await everywhere(begun)).toMatchObject({ page: { status: 'running' } })
    await begun.busy.close()
    await begun.worker.close()
  })
})

describe('a request of which some images are done', () => {
  it('runs between two of them, though its next waits for its turn', async () => {
    const begun = await begin('begun-d')
    await begun.worker.next()
    const { key } = await gateway.addKey(await gateway.addPerson())
    await jobCalls(gateway, { key }).submit({ model: 'begun-d' })
    await begun.worker.finish(begun.worker.assigned()[1]!)
    // Whoever has had less goes first.
    const { attempt_id: attempt } = await begun.worker.next()
    const { request_id } = await gateway.database.db
      .selectFrom('attempts')
      .select('request_id')
      .where('id', '=', attempt)
      .executeTakeFirstOrThrow()
    expect(request_id).not.toBe(begun.id)
    expect(await everywhere(begun)).toEqual(allSay({ status: 'running', wait: null, queuePosition: 1, making: [] }))
    await stop(begun)
  })

  it('runs while an image of it is made, and tells which and since when', async () => {
    const begun = await begin('begun-a')
    const before = Date.now()
    const { attempt_id: attempt } = await begun.worker.next()
    const making = [{ image: 1, since: expect.any(Number) as number }]
    expect(await everywhere(begun)).toEqual(allSay({ status: 'running', wait: null, queuePosition: 1, making }))
    const row = await gateway.database.db
      .selectFrom('attempts')
      .select('assigned_at')
      .where('id', '=', attempt)
      .executeTakeFirstOrThrow()
    expect((await everywhere(begun)).list?.making[0]?.since).toBe(row.assigned_at)
    expect(row.assigned_at).toBeLessThanOrEqual(before + 60_000)
    await stop(begun)
  })

  it('waits, with the reason, on every page while the image server or the machine is away that made them', async () => {
    const begun = await begin('begun-b')
    const { attempt_id, token } = await begun.worker.next()
    const events = await openEvents(gateway, { cookie: begun.friend.cookie })
    const message = 'connection refused'
    begun.worker.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'unreachable', message })
    await waitFor(async () => (await statusOnApi(begun)) === 'QUEUED')
    const waiting = (reason: WaitReason, until: unknown = null) => ({
      ...{ status: 'queued' as const, queuePosition: 1, making: [] },
      wait: { reason, until: until as null, givesUpAt: expect.any(Number) as number }
    })
    const down = waiting('unusable', expect.any(Number))
    expect(await everywhere(begun)).toEqual(allSay(down))
    await events.received('request', (request) => request.id === begun.id && request.status === 'queued')
    expect(events.all('request').at(-1)).toMatchObject(down)
    await events.close()
    await stop(begun)
    await waitFor(async () => (await everywhere(begun)).page?.wait?.reason === 'away')
    expect(await everywhere(begun)).toEqual(allSay(waiting('away')))
    expect(await narrowed(begun, 'queued')).toEqual([begun.id])
    expect(await narrowed(begun, 'active')).toEqual([begun.id])
    expect(await narrowed(begun, 'running')).toEqual([])
  })

  it('waits on every page while a cap of its owner holds', async () => {
    const begun = await begin('begun-c', { images_per_hour: 1 })
    await waitFor(async () => (await statusOnApi(begun)) === 'QUEUED')
    const wait = { reason: 'capped' as const, until: expect.any(Number) as number }
    expect(await everywhere(begun)).toEqual(allSay({ status: 'queued', wait, queuePosition: 1, making: [] }))
    expect(await narrowed(begun, 'queued')).toEqual([begun.id])
    await stop(begun)
  })
})
