import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TASK_CLASS } from '../../src/requests/request-states.ts'
import { batchCalls } from '../support/batch-calls.ts'
import { callJson } from '../support/call-json.ts'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import type { FakeRequest } from '../support/fake-openai-server.ts'
import { jobCalls } from '../support/job-calls.ts'
import { leftHalfTransparent } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway
let fakes: FakeModels
let mask: Buffer

beforeAll(async () => {
  gateway = await startTestGateway()
  fakes = await startFakeModels(gateway)
  mask = await leftHalfTransparent({ width: 32, height: 32 })
})

afterAll(async () => {
  await gateway.close()
  await fakes.close()
})

/** What an image server was asked for, without what differs from one connection to the next. */
const meaningOf = ({ path, json, form }: FakeRequest) => ({
  path,
  json,
  fields: form?.fields,
  files: form?.files.map(({ field, mediaType, bytes }) => [
    field,
    mediaType,
    createHash('sha256').update(bytes).digest('hex')
  ])
})

const countUsage = async (requestId: string): Promise<number> => {
  const rows = await gateway.database.db
    .selectFrom('usage_images')
    .select('asset_id')
    .where('request_id', '=', requestId)
    .execute()
  return rows.length
}

describe('retry', () => {
  it('of a failed generation asks for exactly the same again', async () => {
    const { user, jobs } = await fakes.newcomer()
    const model = await fakes.add(user, { extras: 'any' })
    model.answers('error_400', 'ok')
    const id = await jobs.submit({ model: model.id, negative_prompt: 'rain', steps: 7, glitter: { deep: [1] } })
    const failed = await jobs.ended(id)
    expect(failed).toMatchObject({ status: 'FAILED', error: { code: 'invalid_request' } })
    const { status, body } = await jobs.retry(id)
    expect(status).toBe(202)
    expect(body).toEqual({
      id,
      object: 'inference.job',
      status: 'QUEUED',
      inference_type: 'IMAGE',
      model: model.id,
      created: failed.created,
      queued_at: failed.queued_at
    })
    const job = await jobs.ended(id)
    expect(job).toMatchObject({ status: 'PROCESSED', progress: 100, parameters: failed.parameters })
    expect(job).not.toHaveProperty('error')
    expect(job.attempts.map((attempt) => attempt.status)).toEqual(['failed', 'succeeded'])
    const [first, second, ...more] = model.received()
    expect(more).toEqual([])
    expect(first?.json).toMatchObject({ steps: 7, glitter: { deep: [1] }, seed: expect.any(Number) })
    expect(meaningOf(second!)).toEqual(meaningOf(first!))
    expect(await countUsage(id)).toBe(1)
  })

  it('of an edit comes with the same image and mask, though what they were copied from is deleted', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const original = await jobs.ended(await jobs.submit({ model: model.id }))
    const json = {
      model: model.id,
      prompt: 'make it rain',
      images: [{ file_id: original.result?.data[0]?.asset_id }],
      mask: { image_url: `data:image/png;base64,${mask.toString('base64')}` },
      async: true
    }
    model.answers('detail_text', 'ok')
    const { body } = await callJson<{ id: string }>(gateway, '/v1/images/edits', { key: user.key, json })
    const before = await jobs.ended(body.id)
    await jobs.remove(original.id)
    await jobs.retry(body.id)
    const job = await jobs.ended(body.id)
    expect(job).toMatchObject({ status: 'PROCESSED', inputs: before.inputs })
    expect(job.inputs.map(({ kind }) => kind)).toEqual(['input', 'mask'])
    const [, failed, repeated] = model.received().map(meaningOf)
    expect(failed?.files).toHaveLength(2)
    expect(repeated).toEqual(failed)
  })

  it('of a canceled one makes the images that are missing, with their own seeds', async () => {
    const { jobs, model } = await fakes.newcomer()
    model.answers('ok', 'hang')
    const id = await jobs.submit({ model: model.id, n: 3, seed: 70 })
    // The second may begin while the first is on its way.
    await waitFor(async () => (await jobs.get(id)).attempts.some(({ status }) => status === 'succeeded'))
    await waitFor(() => model.received().length === 2)
    await jobs.cancel(id)
    const [kept] = (await jobs.get(id)).result?.data ?? []
    await waitFor(() => model.received()[1]?.abandoned)
    expect((await jobs.retry(id)).status).toBe(202)
    const job = await jobs.ended(id)
    expect(job.result?.data.map((item) => item.seed)).toEqual([70, 71, 72])
    expect(job.result?.data[0]).toEqual(kept)
    expect(model.received().map((request) => request.json?.seed)).toEqual([70, 71, 71, 72])
    expect(await countUsage(id)).toBe(3)
    expect(job.result).not.toHaveProperty('warnings')
  })

  it('waits like a job, for nobody waits on a connection; what came in a batch stays part of it', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    model.answers('hang')
    const running = await jobs.submit({ model: model.id })
    await jobs.when(running, 'PROCESSING')
    const body = { model: model.id, prompt: 'x', size: '32x32' }
    const waiting = gateway.call('/v1/images/generations', { key: user.key, json: body })
    await waitFor(async () => (await jobs.list('?active=1')).data.length === 2)
    const batch = await batchCalls(gateway, user).submit([{ endpoint: '/v1/images/generations', body }])
    const ids = (await jobs.list('?status=QUEUED')).data.map(({ id }) => id)
    expect(ids).toContain(batch.jobs[0]?.id)
    for (const id of ids) await jobs.cancel(id)
    expect((await waiting).status).toBe(409)
    for (const id of ids) await jobs.retry(id)
    const rows = await gateway.database.db
      .selectFrom('tasks')
      .select(['request_id', 'class'])
      .where('request_id', 'in', ids)
      .execute()
    for (const row of rows) {
      expect(row.class).toBe(row.request_id === batch.jobs[0]?.id ? TASK_CLASS.batch : TASK_CLASS.async)
    }
    await jobs.cancel(running)
    for (const id of ids) expect(await jobs.ended(id)).toMatchObject({ status: 'PROCESSED' })
  })

  it('begins with fresh attempts, on a service that had timed out as well', async () => {
    const user = await gateway.addUser()
    const jobs = jobCalls(gateway, user)
    const model = await fakes.add(user, { timeoutMs: 150 })
    model.answers('hang')
    const id = await jobs.submit({ model: model.id })
    // The only service that there is has timed out: nowhere is left to try.
    expect((await jobs.ended(id)).attempts).toMatchObject([{ reason: expect.stringMatching(/^timeout: /) }])
    model.answers('error_500', 'error_500', 'ok')
    await jobs.retry(id)
    const job = await jobs.ended(id)
    expect(job.status).toBe('PROCESSED')
    expect(job.attempts.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed', 'succeeded'])
  })

  it('is refused with 409 when there is nothing to retry', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    const done = await jobs.submit({ model: model.id })
    await jobs.ended(done)
    model.answers('hang')
    const running = await jobs.submit({ model: model.id })
    await jobs.when(running, 'PROCESSING')
    const waiting = await jobs.submit({ model: model.id })
    for (const id of [done, running, waiting]) {
      const response = await gateway.call(`/v1/jobs/${id}/retry`, { key: user.key, method: 'POST' })
      expect([response.status, response.headers.get('x-should-retry')]).toEqual([409, 'false'])
      expect(await readError(response)).toMatchObject({ code: 'conflict' })
    }
    await jobs.cancel(running)
    // Of several at once one has its way.
    const statuses = (await Promise.all([1, 2, 3].map(() => jobs.retry(running)))).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([202, 409, 409])
    await jobs.ended(running)
    await jobs.ended(waiting)
  })

  it('is refused with 404 when nobody has the model any more, and changes nothing', async () => {
    const { user, jobs, model } = await fakes.newcomer()
    model.answers('error_400')
    const id = await jobs.submit({ model: model.id })
    const before = await jobs.ended(id)
    const { db } = gateway.database
    await db.deleteFrom('service_models').where('model', '=', model.id).execute()
    const response = await gateway.call(`/v1/jobs/${id}/retry`, { key: user.key, method: 'POST' })
    expect(response.status).toBe(404)
    expect(await readError(response)).toMatchObject({ code: 'no_provider', param: 'model' })
    expect(await jobs.get(id)).toEqual(before)
  })

  it('is done once per idempotency key', async () => {
    const { jobs, model } = await fakes.newcomer()
    model.answers('error_400', 'error_400')
    const id = await jobs.submit({ model: model.id })
    await jobs.ended(id)
    const key = { 'idempotency-key': 'once more' }
    expect((await jobs.retry(id, key)).status).toBe(202)
    await jobs.ended(id)
    expect(await jobs.retry(id, key)).toMatchObject({ status: 202, body: { id, status: 'FAILED' } })
    expect(model.received()).toHaveLength(2)
    model.answers('error_400')
    const other = await jobs.submit({ model: model.id })
    await jobs.ended(other)
    expect(await jobs.retry(other, key)).toMatchObject({
      status: 409,
      body: { error: { code: 'idempotency_mismatch' } }
    })
  })
})
