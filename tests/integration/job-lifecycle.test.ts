import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { fetchImage, type ImagesAnswer } from '../support/image-calls.ts'
import { jobCalls } from '../support/job-calls.ts'
import { leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const SIZE = { width: 32, height: 32 }
const GENERATE = ['generate' as const]

let gateway: TestGateway
let fakes: FakeModels
let source: Buffer
let mask: Buffer

beforeAll(async () => {
  gateway = await startTestGateway()
  fakes = await startFakeModels(gateway)
  source = await plainPng(SIZE, [10, 200, 30])
  mask = await leftHalfTransparent(SIZE)
})

afterAll(async () => {
  await gateway.close()
  await fakes.close()
})

const countUsage = async (requestId: string): Promise<number> => {
  const rows = await gateway.database.db
    .selectFrom('usage_images')
    .select('asset_id')
    .where('request_id', '=', requestId)
    .execute()
  return rows.length
}

const storageKeysOf = async (requestId: string): Promise<string[]> => {
  const rows = await gateway.database.db
    .selectFrom('assets')
    .select('storage_key')
    .where('request_id', '=', requestId)
    .execute()
  return rows.map((row) => `objects/${row.storage_key}`)
}

describe('GET', () => {
  it('tells how far a job is, its progress rising with each image and step', async () => {
    const user = await gateway.addUser()
    const jobs = jobCalls(gateway, user)
    const services = [{ name: 'bench', models: [{ id: 'slow-hand', features: GENERATE }] }]
    const worker = await startHandWorker(gateway, { key: user.key, name: 'hand', services })
    const id = await jobs.submit({ model: 'slow-hand', n: 2 })
    const first = await worker.next()
    expect(await jobs.get(id)).toMatchObject({ status: 'PROCESSING', progress: 0, queue_position: 1 })
    const seen: number[] = []
    for (const step of [1, 2, 3]) {
      worker.agent.send({ type: 'attempt.progress', attempt_id: first.attempt_id, step, steps: 4 })
      const before = seen.at(-1) ?? 0
      const further = await waitFor(async () => {
        const job = await jobs.get(id)
        return job.progress > before && job
      })
      seen.push(further.progress)
    }
    // Of two images the first is at 25, 50 and 75 percent.
    expect(seen).toEqual([12, 25, 37])
    await worker.finish(first)
    const second = await worker.next()
    expect(await jobs.get(id)).toMatchObject({ status: 'PROCESSING', progress: 50 })
    expect(await jobs.get(id)).not.toHaveProperty('queue_position')
    await worker.finish(second)
    expect(await jobs.ended(id)).toMatchObject({ status: 'PROCESSED', progress: 100 })
    await worker.close()
  })

  it('tells the place in the queue, for each that waits', async () => {
    const user = await gateway.addUser()
    const jobs = jobCalls(gateway, user)
    const services = [{ models: [{ id: 'queue-hand', features: GENERATE }] }]
    const worker = await startHandWorker(gateway, { key: user.key, services })
    const ids: string[] = []
    for (let i = 0; i < 4; i++) ids.push(await jobs.submit({ model: 'queue-hand', n: i === 1 ? 2 : 1 }))
    const first = await worker.next()
    const places = () => Promise.all(ids.map(async (id) => (await jobs.get(id)).queue_position))
    expect(await places()).toEqual([undefined, 1, 3, 4])
    await worker.finish(first)
    await worker.next()
    expect(await places()).toEqual([undefined, 1, 2, 3])
    expect((await jobs.list()).data.map((job) => job.queue_position)).toEqual([3, 2, 1, undefined])
    await worker.close()
  })

  it('tells each attempt with where it ran and why it ended', async () => {
    const { jobs, model } = await fakes.newcomer()
    model.answers('error_500', 'html_502', 'ok')
    const job = await jobs.ended(await jobs.submit({ model: model.id }))
    expect(job.status).toBe('PROCESSED')
    const where = { image: 0, provider: `agent of ${model.id}`, service: `service of ${model.id}` }
    expect(job.attempts).toEqual([
      { ...where, status: 'failed', reason: expect.stringMatching(/^crashed: \S/), ...times },
      { ...where, status: 'failed', reason: expect.stringMatching(/^unreachable|^crashed/), ...times },
      { ...where, status: 'succeeded', reason: null, ...times }
    ])
  })

  it('of an edit tells its inputs, and of a variation that it needs no prompt', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const files = { image: source, mask }
    const edit = await jobs.submitForm({
      route: 'edits',
      fields: { model: model.id, prompt: 'make it rain', n: '2' },
      files
    })
    const job = await jobs.ended(edit)
    expect(job).toMatchObject({ status: 'PROCESSED', kind: 'edit', prompt: 'make it rain' })
    expect(job.inputs).toMatchObject([
      { kind: 'input', media_type: 'image/png', ...SIZE, bytes: source.length },
      { kind: 'mask', media_type: 'image/png', ...SIZE, bytes: mask.length }
    ])
    for (const [index, { asset_id, url }] of job.inputs.entries()) {
      expect(url).toBe(`${gateway.url}/api/inference/assets/${asset_id}/`)
      const own = await fetch(url, { headers: { authorization: `Bearer ${user.key}` } })
      expect(Buffer.from(await own.arrayBuffer())).toEqual([source, mask][index])
    }
    const variation = await jobs.submitForm({
      route: 'variations',
      fields: { model: model.id },
      files: { image: source }
    })
    expect(await jobs.ended(variation)).toMatchObject({ status: 'PROCESSED', kind: 'variation', prompt: '' })
  })

  it('gives a result_url that needs no key', async () => {
    const { jobs, model } = await fakes.newcomer()
    const job = await jobs.ended(await jobs.submit({ model: model.id, n: 2 }))
    expect(job.result_url).toBe(job.result?.data[0]?.url)
    expect(await fetchImage(job.result_url ?? '')).toMatchObject({ mediaType: 'image/png', ...SIZE })
  })

  it("is the owner's and the admins', as canceling is, and all else the owner's alone", async () => {
    const { jobs, model } = await fakes.newcomer()
    const [admin, stranger] = [await gateway.addUser({ role: 'admin' }), await gateway.addUser()]
    model.answers('error_400')
    const id = await jobs.submit({ model: model.id })
    await jobs.ended(id)
    expect(await jobCalls(gateway, admin).get(id)).toEqual(await jobs.get(id))
    expect((await gateway.call(`/v1/jobs/${id}/events`, { key: admin.key })).status).toBe(200)
    for (const [{ key }, method, path] of [
      [stranger, 'POST', `/v1/jobs/${id}/cancel`],
      [stranger, 'POST', `/v1/jobs/${id}/retry`],
      [stranger, 'DELETE', `/v1/jobs/${id}`],
      [admin, 'POST', `/v1/jobs/${id}/retry`],
      [admin, 'DELETE', `/v1/jobs/${id}`]
    ] as const) {
      const response = await gateway.call(path, { key, method })
      expect([response.status, (await readError(response)).code]).toEqual([404, 'not_found'])
    }
    const canceled = { status: 200, body: { status: 'FAILED', canceled: false } }
    expect(await jobCalls(gateway, admin).cancel(id)).toMatchObject(canceled)
    expect(await jobs.get(id)).toMatchObject({ status: 'FAILED' })
  })
})

const times = { started_at: expect.any(Number), finished_at: expect.any(Number) }

describe('cancel', () => {
  it("by an admin ends anybody's job, by a stranger nobody's", async () => {
    const { jobs, model } = await fakes.newcomer()
    const [admin, stranger] = [await gateway.addUser({ role: 'admin' }), await gateway.addUser()]
    model.answers('hang')
    const id = await jobs.submit({ model: model.id })
    await jobs.when(id, 'PROCESSING')
    expect(await jobCalls(gateway, stranger).cancel(id)).toMatchObject({ status: 404 })
    expect(await jobs.get(id)).toMatchObject({ status: 'PROCESSING' })
    const canceled = { status: 200, body: { id, status: 'CANCELED', canceled: true } }
    expect(await jobCalls(gateway, admin).cancel(id)).toMatchObject(canceled)
    expect(await jobs.get(id)).toMatchObject({ status: 'CANCELED' })
  })

  it('of a job that waits ends it before it has begun', async () => {
    const { jobs, model } = await fakes.newcomer()
    model.answers('hang')
    const running = await jobs.submit({ model: model.id })
    await jobs.when(running, 'PROCESSING')
    const id = await jobs.submit({ model: model.id })
    expect(await jobs.cancel(id)).toMatchObject({ status: 200, body: { id, status: 'CANCELED', canceled: true } })
    const job = await jobs.get(id)
    expect(job).toMatchObject({ status: 'CANCELED', started_at: null, finished_at: expect.any(Number), attempts: [] })
    for (const name of ['result', 'result_url', 'error', 'queue_position']) expect(job).not.toHaveProperty(name)
    await jobs.cancel(running)
    await waitFor(() => model.received()[0]?.abandoned)
    expect(model.received()).toHaveLength(1)
  })

  it('of one that runs reaches the image server, and then the slot is free', async () => {
    const { jobs, model } = await fakes.newcomer()
    model.answers('hang')
    const id = await jobs.submit({ model: model.id })
    await waitFor(() => model.received().length === 1)
    expect(model.received()[0]?.abandoned).toBe(false)
    expect((await jobs.cancel(id)).body).toEqual({ id, status: 'CANCELED', canceled: true })
    expect(await jobs.get(id)).toMatchObject({
      status: 'CANCELED',
      attempts: [{ status: 'canceled', reason: 'canceled', finished_at: expect.any(Number) }]
    })
    await waitFor(() => model.received()[0]?.abandoned)
    expect(await jobs.ended(await jobs.submit({ model: model.id }))).toMatchObject({ status: 'PROCESSED' })
    expect(await countUsage(id)).toBe(0)
  })

  it('keeps the slot until the agent says that it has stopped', async () => {
    const user = await gateway.addUser()
    const jobs = jobCalls(gateway, user)
    const services = [{ models: [{ id: 'stubborn', features: GENERATE }] }]
    const worker = await startHandWorker(gateway, { key: user.key, services })
    const id = await jobs.submit({ model: 'stubborn' })
    const { attempt_id } = await worker.next()
    await jobs.cancel(id)
    await worker.agent.received('attempt.cancel', (message) => message.attempt_id === attempt_id)
    const following = await jobs.submit({ model: 'stubborn' })
    // A dispatcher that would give the slot away has had its chance once this answer is there.
    expect(await jobs.get(following)).toMatchObject({ status: 'QUEUED', queue_position: 1 })
    expect(worker.assigned()).toHaveLength(1)
    worker.agent.send({ type: 'attempt.stopped', attempt_id })
    await worker.finish(await worker.next())
    expect(await jobs.ended(following)).toMatchObject({ status: 'PROCESSED' })
    await worker.close()
  })

  it('leaves what is finished: those images count, and are the result', async () => {
    const { jobs, model } = await fakes.newcomer()
    model.answers('ok', 'hang')
    const id = await jobs.submit({ model: model.id, n: 3, seed: 50 })
    // The second may begin while the first is on its way.
    await waitFor(async () => (await jobs.get(id)).attempts.some(({ status }) => status === 'succeeded'))
    await waitFor(() => model.received().length === 2)
    await jobs.cancel(id)
    const job = await jobs.get(id)
    expect(job).toMatchObject({ status: 'CANCELED', result: { request_id: id, data: [{ seed: 50 }] } })
    expect(job.result?.data).toHaveLength(1)
    expect(await fetchImage(job.result_url ?? '')).toMatchObject(SIZE)
    expect(await countUsage(id)).toBe(1)
    await waitFor(() => model.received()[1]?.abandoned)
  })

  it('of one that has ended changes nothing', async () => {
    const { jobs, model } = await fakes.newcomer()
    model.answers('ok', 'error_400')
    for (const status of ['PROCESSED', 'FAILED']) {
      const id = await jobs.submit({ model: model.id })
      const before = await jobs.ended(id)
      expect(await jobs.cancel(id)).toMatchObject({ status: 200, body: { id, status, canceled: false } })
      expect(await jobs.get(id)).toEqual(before)
    }
  })

  it('twice, and by several at once, is done once', async () => {
    const { jobs, model } = await fakes.newcomer()
    model.answers('hang')
    const id = await jobs.submit({ model: model.id })
    await jobs.when(id, 'PROCESSING')
    const answers = await Promise.all(Array.from({ length: 5 }, () => jobs.cancel(id)))
    expect(answers.map(({ body }) => body.canceled).filter(Boolean)).toHaveLength(1)
    expect(new Set(answers.map(({ body }) => body.status))).toEqual(new Set(['CANCELED']))
  })

  it('is told to a synchronous caller who waits', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    model.answers('ok', 'hang')
    const json = { model: model.id, prompt: 'x', n: 2 }
    const waiting = gateway.call('/v1/images/generations', { key: user.key, json })
    await waitFor(() => model.received().length === 2)
    const [job] = (await jobs.list('?active=1')).data
    await jobs.cancel(job?.id ?? '')
    const response = await waiting
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([409, 'false'])
    expect(await readError(response)).toMatchObject({ code: 'canceled', type: 'canceled' })
  })

  it('needs no body, and takes an empty one that says it is JSON', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const id = await jobs.submit({ model: model.id })
    await jobs.ended(id)
    const headers = { 'content-type': 'application/json' }
    expect((await gateway.call(`/v1/jobs/${id}/cancel`, { key: user.key, method: 'POST', headers })).status).toBe(200)
  })
})

describe('DELETE', () => {
  it('removes an ended job with its images and inputs, but not what was counted', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const fields = { model: model.id, prompt: 'rain', n: '2' }
    const id = await jobs.submitForm({ route: 'edits', fields, files: { image: source, mask } })
    const { result, inputs } = await jobs.ended(id)
    const keys = await storageKeysOf(id)
    expect(keys).toHaveLength(4)
    expect(await storedFiles(gateway.dataDir)).toEqual(expect.arrayContaining(keys))

    expect(await jobs.remove(id)).toMatchObject({ status: 200, body: { id, object: 'inference.job', deleted: true } })
    for (const path of [`/v1/jobs/${id}`, `/v1/jobs/${id}/events`]) {
      expect((await gateway.call(path, { key: user.key })).status).toBe(404)
    }
    for (const { url } of [...(result as ImagesAnswer).data, ...inputs]) {
      expect((await fetch(url, { headers: { authorization: `Bearer ${user.key}` } })).status).toBe(404)
    }
    const left = await storedFiles(gateway.dataDir)
    expect(keys.filter((key) => left.includes(key))).toEqual([])
    for (const table of ['tasks', 'attempts', 'assets'] as const) {
      const rows = await gateway.database.db.selectFrom(table).select('id').where('request_id', '=', id).execute()
      expect([table, rows]).toEqual([table, []])
    }
    expect(await countUsage(id)).toBe(2)
    expect((await jobs.list()).data).toEqual([])
    expect((await jobs.remove(id)).status).toBe(404)
  })

  it('takes failed and canceled ones, too', async () => {
    const { jobs, model } = await fakes.newcomer()
    model.answers('error_400', 'hang')
    const failed = await jobs.submit({ model: model.id })
    await jobs.ended(failed)
    const canceled = await jobs.submit({ model: model.id })
    await jobs.when(canceled, 'PROCESSING')
    await jobs.cancel(canceled)
    for (const id of [failed, canceled]) expect((await jobs.remove(id)).status).toBe(200)
    // The agent that was still at it learns of its end all the same.
    await waitFor(() => model.received()[1]?.abandoned)
    expect(await jobs.ended(await jobs.submit({ model: model.id }))).toMatchObject({ status: 'PROCESSED' })
  })

  it('is refused with 409 before the end', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    model.answers('hang')
    const running = await jobs.submit({ model: model.id })
    await jobs.when(running, 'PROCESSING')
    const waiting = await jobs.submit({ model: model.id })
    for (const id of [running, waiting]) {
      const response = await gateway.call(`/v1/jobs/${id}`, { key: user.key, method: 'DELETE' })
      expect([response.status, (await readError(response)).code]).toEqual([409, 'conflict'])
      expect((await jobs.get(id)).finished_at).toBeNull()
    }
    await jobs.cancel(running)
    await jobs.ended(waiting)
  })
})
