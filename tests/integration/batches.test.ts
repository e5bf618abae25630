import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Batch, batchCalls } from '../support/batch-calls.ts'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { fetchImage } from '../support/image-calls.ts'
import { jobCalls } from '../support/job-calls.ts'
import { noteStatementsUntilTheEnd } from '../support/note-statements.ts'
import { leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { storedFiles } from '../support/stored-files.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

const SIZE = { width: 32, height: 32 }
const MAX_IMAGES = 3
const QUEUE_PER_USER = 300
const GENERATIONS = '/v1/images/generations'
const EDITS = '/v1/images/edits'
const VARIATIONS = '/v1/images/variations'

const noteStatements = noteStatementsUntilTheEnd()
let gateway: TestGateway
let fakes: FakeModels
let source: Buffer
let mask: Buffer

beforeAll(async () => {
  gateway = await startTestGateway({
    env: {
      INFERENCE_CLUB_LIMITS_MAX_IMAGES_PER_REQUEST: String(MAX_IMAGES),
      INFERENCE_CLUB_LIMITS_QUEUE_PER_USER: String(QUEUE_PER_USER)
    }
  })
  fakes = await startFakeModels(gateway)
  source = await plainPng(SIZE, [10, 200, 30])
  mask = await leftHalfTransparent(SIZE)
})

afterAll(async () => {
  await gateway.close()
  await fakes.close()
})

const generation = (model: string, fields: Record<string, unknown> = {}) => ({
  endpoint: GENERATIONS,
  body: { model, prompt: 'a red fox', size: '32x32', ...fields }
})
const many = (count: number, model: string, fields: Record<string, unknown> = {}) =>
  Array.from({ length: count }, () => generation(model, fields))
const dataUrl = (bytes: Buffer) => `data:image/png;base64,${bytes.toString('base64')}`

const post = (user: TestUser, json: unknown) => gateway.call('/v1/batches', { key: user.key, json })

const calls = (user: TestUser) => batchCalls(gateway, user)
const submit = (user: TestUser, requests: unknown[], more?: Record<string, unknown>) =>
  calls(user).submit(requests, more)
const get = (user: TestUser, id: string) => calls(user).get(id)
const cancel = (user: TestUser, id: string) => calls(user).cancel(id)
const list = (user: TestUser, query?: string) => calls(user).list(query)

const countOf = async (table: 'requests' | 'batches', { id }: TestUser): Promise<number> =>
  (await gateway.database.db.selectFrom(table).select('id').where('user_id', '=', id).execute()).length

/** Whose images are made by hand, one at a time. */
async function handMade(model: string) {
  const user = await gateway.addUser()
  const services = [{ models: [{ id: model, features: ['generate' as const] }] }]
  const worker = await startHandWorker(gateway, { key: user.key, services })
  return { user, jobs: jobCalls(gateway, user), worker }
}

describe('POST /v1/batches', () => {
  it('accepts a single request', async () => {
    const { user, jobs, worker } = await handMade('single')
    const blocking = await jobs.submit({ model: 'single' })
    const first = await worker.next()
    const batch = await submit(user, [generation('single')], { label: 'my first' })
    expect(batch).toEqual({
      id: expect.stringMatching(/^bat_[a-z0-9]{25}$/),
      object: 'inference.batch',
      label: 'my first',
      status: 'PENDING',
      total: 1,
      queued: 1,
      processing: 0,
      processed: 0,
      failed: 0,
      canceled: 0,
      created: expect.any(Number),
      jobs: [{ id: expect.stringMatching(/^req_/), status: 'QUEUED' }]
    })
    expect(batch.created).toSatisfy(Number.isInteger)
    await worker.finish(first)
    await jobs.ended(blocking)
    await worker.finish(await worker.next())
    const id = batch.jobs[0]?.id ?? ''
    expect(await jobs.ended(id)).toMatchObject({ status: 'PROCESSED', kind: 'generation' })
    expect(await get(user, batch.id)).toMatchObject({ status: 'DONE', processed: 1, label: 'my first' })
    await worker.close()
  })

  it('accepts 256 of them, in their order', async () => {
    const { user, jobs, worker } = await handMade('crowded')
    const requests = Array.from({ length: 256 }, (_, index) => generation('crowded', { prompt: `number ${index}` }))
    const batch = await submit(user, requests)
    expect(batch).toMatchObject({ total: 256, label: null })
    for (const index of [0, 1, 100, 255]) {
      expect(await jobs.get(batch.jobs[index]?.id ?? '')).toMatchObject({ prompt: `number ${index}` })
    }
    await cancel(user, batch.id)
    await worker.close()
  })

  it.each([
    ['an empty list', { requests: [] }],
    ['257 requests', { requests: many(257, 'demo') }],
    ['no list', { requests: generation('demo') }],
    ['nothing', {}]
  ])('refuses %s', async (_what, json) => {
    const user = await gateway.addUser()
    const response = await post(user, json)
    expect(response.status).toBe(400)
    expect(await readError(response)).toMatchObject({ code: 'invalid_request', param: 'requests' })
    expect(await countOf('requests', user)).toBe(0)
  })

  it('refuses a label that is too long, and takes an empty one for none', async () => {
    const { user, model } = await fakes.newcomer()
    const requests = [generation(model.id)]
    const response = await post(user, { requests, label: 'x'.repeat(201) })
    expect([response.status, (await readError(response)).param]).toEqual([400, 'label'])
    expect(await submit(user, requests, { label: '' })).toMatchObject({ label: null })
    await gateway.drain()
  })

  it('takes edits and variations of data URLs and of images stored here', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const original = await jobs.ended(await jobs.submit({ model: model.id }))
    const [asset] = original.result?.data ?? []
    const common = { model: model.id, prompt: 'rain' }
    const batch = await submit(user, [
      {
        endpoint: EDITS,
        body: { ...common, images: [{ image_url: dataUrl(source) }], mask: { image_url: dataUrl(mask) } }
      },
      { endpoint: EDITS, body: { ...common, images: [{ file_id: asset?.asset_id }, { image_url: asset?.url }] } },
      { endpoint: VARIATIONS, body: { model: model.id, images: [{ image_url: dataUrl(source) }] } }
    ])
    const ended = await Promise.all(batch.jobs.map(({ id }) => jobs.ended(id)))
    expect(ended.map(({ status, kind }) => [status, kind])).toEqual([
      ['PROCESSED', 'edit'],
      ['PROCESSED', 'edit'],
      ['PROCESSED', 'variation']
    ])
    expect(ended.map(({ inputs }) => inputs.map(({ kind }) => kind))).toEqual([
      ['input', 'mask'],
      ['input', 'input'],
      ['input']
    ])
    for (const { result_url } of ended) expect(await fetchImage(result_url ?? '')).toMatchObject(SIZE)
    const masked = model.received().find(({ form }) => form?.files.length === 2 && form.fields.prompt === 'rain')
    expect(masked?.path).toBe(EDITS)
  })

  it('holds each to the limits of a single call', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const batch = await submit(user, [
      generation(model.id, { n: 99, async: false, response_format: 'b64_json' }),
      generation(model.id, { n: '2', seed: '4', webhook_url: 'https://example.org/hook' })
    ])
    const [clamped, plain] = await Promise.all(batch.jobs.map(({ id }) => jobs.ended(id)))
    expect(clamped?.result?.data).toHaveLength(MAX_IMAGES)
    expect(clamped?.result?.warnings).toEqual([expect.stringContaining("'n' was 99")])
    expect(plain?.result?.data.map((item) => item.seed)).toEqual([4, 5])
    expect(plain?.result).not.toHaveProperty('warnings')
  })
})

describe('one wrong request', () => {
  const wrong: [string, (model: string) => unknown, number, string, string][] = [
    ['size', (model) => generation(model, { size: 'huge' }), 400, 'invalid_size', 'requests[2].body.size'],
    ['prompt', (model) => generation(model, { prompt: ' ' }), 400, 'missing_prompt', 'requests[2].body.prompt'],
    ['model', () => generation(''), 400, 'missing_model', 'requests[2].body.model'],
    ['unknown model', () => generation('nonsuch'), 404, 'no_provider', 'requests[2].body.model'],
    ['n', (model) => generation(model, { n: 0 }), 400, 'invalid_request', 'requests[2].body.n'],
    [
      'endpoint',
      (model) => ({ ...generation(model), endpoint: '/v1/chat' }),
      400,
      'invalid_request',
      'requests[2].endpoint'
    ],
    ['body', () => ({ endpoint: GENERATIONS }), 400, 'invalid_request', 'requests[2].body'],
    ['item', () => null, 400, 'invalid_request', 'requests[2].endpoint'],
    [
      'image',
      (model) => edit(model, [{ image_url: dataUrl(source.subarray(0, 60)) }]),
      400,
      'invalid_image',
      'requests[2].body.images[0]'
    ],
    [
      'file',
      (model) => edit(model, [{ image_url: dataUrl(Buffer.from('text')) }]),
      415,
      'unsupported_media_type',
      'requests[2].body.images[0]'
    ],
    [
      'host',
      (model) => edit(model, [{ image_url: 'https://example.org/a.png' }]),
      400,
      'remote_image_refused',
      'requests[2].body.images[0]'
    ],
    ['images', (model) => edit(model, []), 400, 'missing_file', 'requests[2].body.image']
  ]
  const edit = (model: string, images: unknown) => ({ endpoint: EDITS, body: { model, prompt: 'x', images } })

  it.each(wrong)('(%s) keeps all of them out, and is named', async (_what, make, status, code, param) => {
    const { user, model } = await fakes.newcomer()
    const stored = await storedFiles(gateway.dataDir)
    const requests = [
      generation(model.id),
      edit(model.id, [{ image_url: dataUrl(source) }]),
      make(model.id),
      generation(model.id)
    ]
    const response = await post(user, { requests })
    expect(response.status).toBe(status)
    const error = await readError(response)
    expect(error).toMatchObject({ code, param })
    expect(error.message).toContain('requests[2]')
    expect([await countOf('requests', user), await countOf('batches', user)]).toEqual([0, 0])
    expect(await storedFiles(gateway.dataDir)).toEqual(stored)
    expect(model.received()).toEqual([])
  })
})

describe('a full queue', () => {
  it('is measured by all images of the batch', async () => {
    const { user, worker } = await handMade('full')
    const filling = await submit(user, many(QUEUE_PER_USER / MAX_IMAGES, 'full', { n: MAX_IMAGES }))
    await worker.next()
    const response = await post(user, { requests: many(1, 'full') })
    expect([response.status, (await readError(response)).code]).toEqual([503, 'queue_full'])
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    await cancel(user, filling.id)
    const tooMany = await post(user, {
      requests: [...many(QUEUE_PER_USER / MAX_IMAGES, 'full', { n: MAX_IMAGES }), ...many(1, 'full')]
    })
    expect(tooMany.status).toBe(503)
    expect([await countOf('requests', user), await countOf('batches', user)]).toEqual([filling.total, 1])
    await worker.close()
  })
})

describe('a batch', () => {
  it('is PENDING, PROCESSING and DONE, and counts', async () => {
    const { user, jobs, worker } = await handMade('counted')
    const counts = async () => {
      const { status, queued, processing, processed, failed, canceled, jobs } = await get(user, batch.id)
      return [status, queued, processing, processed, failed, canceled, jobs.map((job) => job.status[0]).join('')]
    }
    const blocking = await jobs.submit({ model: 'counted' })
    const first = await worker.next()
    const batch = await submit(user, many(4, 'counted'))
    expect(await counts()).toEqual(['PENDING', 4, 0, 0, 0, 0, 'QQQQ'])
    await worker.finish(first)
    const second = await worker.next()
    expect(await counts()).toEqual(['PROCESSING', 3, 1, 0, 0, 0, 'PQQQ'])
    await worker.finish(second)
    const { attempt_id, token } = await worker.next()
    expect(await counts()).toEqual(['PROCESSING', 2, 1, 1, 0, 0, 'PPQQ'])
    worker.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'bad_request', message: 'Not like this.' })
    await jobs.when(batch.jobs[1]?.id ?? '', 'FAILED')
    const third = await worker.next()
    await jobs.cancel(batch.jobs[3]?.id ?? '')
    expect(await counts()).toEqual(['PROCESSING', 0, 1, 1, 1, 1, 'PFPC'])
    await worker.finish(third)
    expect(await counts()).toEqual(['DONE', 0, 0, 2, 1, 1, 'PFPC'])

    // It is under way again when one of them is.
    await jobs.retry(batch.jobs[1]?.id ?? '')
    await worker.finish(await worker.next())
    await jobs.ended(batch.jobs[1]?.id ?? '')
    expect(await counts()).toEqual(['DONE', 0, 0, 3, 0, 1, 'PPPC'])
    await jobs.remove(batch.jobs[3]?.id ?? '')
    expect(await counts()).toEqual(['DONE', 0, 0, 3, 0, 0, 'PPP'])
    await jobs.ended(blocking)
    await worker.close()
  })

  it('counts what was begun and nobody can make now among what waits, as the jobs say', async () => {
    const { user, worker } = await handMade('held')
    const batch = await submit(user, many(3, 'held'))
    await worker.finish(await worker.next())
    const { attempt_id, token } = await worker.next()
    const counts = ({ status, queued, processing, processed, jobs }: Batch) => [
      status,
      queued,
      processing,
      processed,
      jobs.map((job) => job.status)
    ]
    expect(counts(await get(user, batch.id))).toEqual(['PROCESSING', 1, 1, 1, ['PROCESSED', 'PROCESSING', 'QUEUED']])
    worker.agent.send({ type: 'attempt.failed', attempt_id, token, fault: 'unreachable', message: 'It is gone.' })
    const held = ['PROCESSING', 2, 0, 1, ['PROCESSED', 'QUEUED', 'QUEUED']]
    await waitFor(async () => (await get(user, batch.id)).queued === 2)
    expect(counts(await get(user, batch.id))).toEqual(held)
    expect((await list(user)).data.map(counts)).toEqual([held])
    const job = await jobCalls(gateway, user).get(batch.jobs[1]?.id ?? '')
    expect(job).toMatchObject({ status: 'QUEUED', waiting: { reason: 'unusable' } })
    expect(counts((await cancel(user, batch.id)).body)).toEqual([
      'DONE',
      0,
      0,
      1,
      ['PROCESSED', 'CANCELED', 'CANCELED']
    ])
    await worker.close()
  })

  it('is canceled as a whole, but for what has ended', async () => {
    const { user, jobs, worker } = await handMade('stopped')
    const batch = await submit(user, many(3, 'stopped'))
    await worker.finish(await worker.next())
    const { attempt_id } = await worker.next()
    const { status, body } = await cancel(user, batch.id)
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: batch.id, status: 'DONE', processed: 1, canceled: 2, queued: 0, processing: 0 })
    await worker.agent.received('attempt.cancel', (message) => message.attempt_id === attempt_id)
    expect((await jobs.get(batch.jobs[1]?.id ?? '')).attempts).toMatchObject([{ status: 'canceled' }])
    expect((await cancel(user, batch.id)).body).toEqual(body)
    await worker.close()
  })

  it("is not found when it is somebody else's", async () => {
    const { user, worker } = await handMade('hidden')
    const stranger = await gateway.addUser()
    const { id } = await submit(user, many(2, 'hidden'))
    for (const [method, path] of [
      ['GET', `/v1/batches/${id}`],
      ['POST', `/v1/batches/${id}/cancel`],
      ['GET', '/v1/batches/bat_0000000000000000000000000']
    ] as const) {
      const response = await gateway.call(path, { key: stranger.key, method })
      expect([response.status, (await readError(response)).code]).toEqual([404, 'not_found'])
    }
    expect((await list(stranger)).data).toEqual([])
    expect(await get(user, id)).toMatchObject({ canceled: 0 })
    await cancel(user, id)
    await worker.close()
  })
})

describe('GET /v1/batches', () => {
  it('lists them newest first, page by page', async () => {
    const { user, worker } = await handMade('listed')
    const made: Batch[] = []
    for (let i = 0; i < 5; i++) made.push(await submit(user, many(1, 'listed'), { label: `number ${i}` }))
    const { db } = gateway.database
    const moment = { created_at: 1_700_000_000_000 }
    await db
      .updateTable('batches')
      .set(moment)
      .where(
        'id',
        'in',
        made.slice(0, 3).map(({ id }) => id)
      )
      .execute()
    const older = made
      .slice(0, 3)
      .map(({ id }) => id)
      .sort()
      .reverse()
    const rows = await db.selectFrom('batches').selectAll().where('user_id', '=', user.id).execute()
    const newer = rows
      .filter(({ id }) => !older.includes(id))
      .sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1))
    const ids = [...newer.map(({ id }) => id), ...older]

    const all = await list(user)
    expect(all).toMatchObject({ object: 'list', has_more: false, first_id: ids[0], last_id: ids[4] })
    expect(all.data.map(({ id }) => id)).toEqual(ids)
    for (const batch of all.data) expect(batch).toEqual(await get(user, batch.id))
    const seen: string[] = []
    for (let after = ''; ;) {
      const page = await list(user, `?limit=2${after && `&after=${after}`}`)
      seen.push(...page.data.map(({ id }) => id))
      if (!page.has_more) break
      after = page.last_id ?? ''
    }
    expect(seen).toEqual(ids)
    for (const { id } of made) await cancel(user, id)
    await worker.close()
  })

  it('asks the database for many of them together', async () => {
    const { user, worker } = await handMade('together')
    for (let i = 0; i < 10; i++) await submit(user, many(2, 'together'))
    // One is made, the others of the same batch and of the others wait.
    await worker.next()
    const statements = noteStatements()
    expect((await list(user)).data).toHaveLength(10)
    const asked = statements.splice(0)
    expect(asked.filter((sql) => sql.includes('"batch_id" in'))).toHaveLength(2)
    expect(asked.filter((sql) => sql.startsWith('select * from "tasks"'))).toHaveLength(1)
    for (const { id } of (await list(user)).data) await cancel(user, id)
    await worker.close()
  })

  it('refuses a limit and a place that make no sense', async () => {
    const [user, other] = [await gateway.addUser(), await fakes.newcomer()]
    const foreign = await submit(other.user, [generation(other.model.id)])
    for (const [query, param] of [
      ['limit=0', 'limit'],
      ['limit=201', 'limit'],
      [`after=${foreign.id}`, 'after'],
      ['after=bat_0000000000000000000000000', 'after']
    ]) {
      const response = await gateway.call(`/v1/batches?${query}`, { key: user.key })
      expect([response.status, (await readError(response)).param]).toEqual([400, param])
    }
    await gateway.drain()
  })
})
