import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { waitFor } from '../../support/wait-for.ts'
import type { JobAnswer } from '../../support/image-calls.ts'
import { type AcceptanceCase, Unchecked } from '../acceptance-case.ts'
import { POLLING, type Club } from '../club.ts'
import { hasMembers, isJson, isRefused } from '../expectations.ts'

const ENVELOPE = ['id', 'object', 'status', 'inference_type', 'model', 'created', 'queued_at']
const JOB = [
  ...ENVELOPE,
  'kind',
  'visibility',
  'expires_in',
  'expires_at',
  'pinned',
  'prompt',
  'parameters',
  'inputs',
  'progress',
  'started_at',
  'finished_at',
  'attempts'
]
const ATTEMPT = ['image', 'provider', 'service', 'status', 'reason', 'started_at', 'finished_at']
const LIST = ['object', 'data', 'first_id', 'last_id', 'has_more']

const cancel = (club: Club, id: string) =>
  club.call<{ status: string; canceled: boolean }>(`/v1/jobs/${id}/cancel`, { method: 'POST' })
const remove = (club: Club, id: string) => club.call(`/v1/jobs/${id}`, { method: 'DELETE' })

/** A job that somebody has canceled before it was done. */
async function canceledJob(club: Club): Promise<string> {
  const { id } = (await club.startSlowJob()).body
  if (!(await cancel(club, id)).body.canceled) throw new Unchecked('the job had ended before it could be canceled')
  return id
}

/** The events of a stream: the name and the data of each. */
export function readEvents(text: string): { event: string; data: Record<string, unknown> }[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => {
      const [, event = '', data = ''] = /^event: (.+)\ndata: (.+)$/.exec(block) ?? []
      return { event, data: JSON.parse(data) as Record<string, unknown> }
    })
}

export const jobs: AcceptanceCase[] = [
  {
    name: 'async is answered 202 with the envelope',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const answer = await club.startJob()
      isJson(answer, 202)
      hasMembers(answer.body, ENVELOPE)
      const { id, object, status, inference_type, created, queued_at } = answer.body
      assert.match(id, /^req_[a-z0-9]+$/)
      assert.deepEqual(
        { object, status, inference_type },
        { object: 'inference.job', status: 'QUEUED', inference_type: 'IMAGE' }
      )
      assert.equal(Math.floor(Date.parse(queued_at) / 1000), created)
      assert.match(queued_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    }
  },
  {
    name: 'a finished job tells everything, its result included',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const job = await club.finished((await club.startJob({ seed: 5 })).body.id)
      hasMembers(job, [...JOB, 'result_url', 'result'])
      assert.equal(job.status, 'PROCESSED')
      assert.equal(job.progress, 100)
      assert.equal(job.kind, 'generation')
      assert.equal(job.prompt, club.prompt)
      assert.equal(job.parameters.seed, 5)
      assert.equal(job.result_url, job.result?.data[0]?.url)
      for (const attempt of job.attempts) hasMembers(attempt, ATTEMPT)
      assert.ok((job.started_at ?? 0) >= job.created && (job.finished_at ?? 0) >= (job.started_at ?? Infinity))
    }
  },
  {
    name: 'a waiting or running job has every member but the result',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const { id } = (await club.startSlowJob()).body
      const job = await club.job(id)
      await cancel(club, id)
      if (!['QUEUED', 'PROCESSING'].includes(job.status))
        throw new Unchecked('the job had ended before it was looked at')
      hasMembers(job, JOB)
      assert.ok(!('result' in job))
      assert.equal(job.finished_at, null)
    }
  },
  {
    name: 'the request_id of a call that waited is a job',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const { request_id, data } = await club.picture()
      const job = await club.job(request_id)
      assert.equal(job.result?.data[0]?.asset_id, data[0]?.asset_id)
    }
  },
  {
    name: 'the list goes page by page, newest first, without results',
    rule: 'docs/jobs.md; OpenAI lists',
    images: 2,
    run: async (club) => {
      const older = (await club.startJob()).body.id
      const newer = (await club.startJob()).body.id
      type List = { object: string; data: JobAnswer[]; first_id: string; last_id: string; has_more: boolean }
      const first = await club.call<List>('/v1/jobs?limit=1')
      isJson(first)
      hasMembers(first.body, LIST)
      assert.ok(!('result' in (first.body.data[0] ?? {})))
      assert.equal(first.body.has_more, true)
      const all = await club.call<List>('/v1/jobs?limit=20')
      const ids = all.body.data.map(({ id }) => id)
      assert.ok(ids.indexOf(newer) < ids.indexOf(older) && ids.indexOf(newer) >= 0)
      const next = await club.call<List>(`/v1/jobs/?limit=1&after=${newer}`)
      assert.equal(next.body.first_id, ids[ids.indexOf(newer) + 1])
    }
  },
  {
    name: 'the list is narrowed by status and to what is active',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      await club.finished((await club.startJob()).body.id)
      for (const [query, allowed] of [
        ['status=PROCESSED', ['PROCESSED']],
        ['active=1', ['QUEUED', 'PROCESSING']]
      ] as const) {
        const { body } = await club.call<{ data: JobAnswer[] }>(`/v1/jobs?${query}`)
        for (const { status } of body.data) assert.ok((allowed as readonly string[]).includes(status), status)
      }
    }
  },
  {
    name: 'cancel stops a job, and twice is no error',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const id = await canceledJob(club)
      assert.equal((await club.job(id)).status, 'CANCELED')
      const again = await cancel(club, id)
      isJson(again)
      assert.deepEqual(again.body, { id, status: 'CANCELED', canceled: false })
    }
  },
  {
    name: 'retry runs a canceled job again under its id; one that succeeded is a conflict',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const id = await canceledJob(club)
      const retry = () => club.call<JobAnswer>(`/v1/jobs/${id}/retry`, { method: 'POST' })
      const answer = await retry()
      isJson(answer, 202)
      assert.equal(answer.body.id, id)
      assert.equal((await club.finished(id)).status, 'PROCESSED')
      isRefused(await retry(), { status: 409, code: 'conflict' })
    }
  },
  {
    name: 'delete takes an ended job away, and waits for no running one',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const { id } = (await club.startSlowJob()).body
      const early = await remove(club, id)
      await cancel(club, id)
      if (early.status === 200) throw new Unchecked('the job had ended before it could be deleted')
      isRefused(early, { status: 409, code: 'conflict' })
      const answer = await remove(club, id)
      isJson(answer)
      assert.deepEqual(answer.body, { id, object: 'inference.job', deleted: true })
      isRefused(await club.call(`/v1/jobs/${id}`), { status: 404, code: 'not_found' })
    }
  },
  {
    name: 'events tell the state, the progress and the result, then end',
    rule: 'docs/jobs.md; server-sent events',
    images: 1,
    run: async (club) => {
      const { id } = (await club.startJob()).body
      const answer = await club.call(`/v1/jobs/${id}/events`)
      assert.equal(answer.status, 200)
      assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
      assert.match(answer.headers.get('cache-control') ?? '', /no-cache/)
      const events = readEvents(answer.text)
      assert.equal(events[0]?.event, 'status')
      hasMembers(events[0].data, [...ENVELOPE, 'progress'])
      for (const { event } of events) assert.match(event, /^(status|progress|preview|result|error)$/)
      for (const { event, data } of events) if (event === 'progress') hasMembers(data, ['image', 'step', 'steps'])
      for (const { event, data } of events)
        if (event === 'preview') hasMembers(data, ['image', 'b64_json', 'media_type'])
      assert.equal(events.at(-1)?.event, 'result')
      assert.deepEqual(events.at(-1)?.data, (await club.job(id)).result)
      const again = readEvents((await club.call(`/v1/jobs/${id}/events/`)).text)
      assert.deepEqual(
        again.map(({ event }) => event),
        ['status', 'result']
      )
    }
  },
  {
    name: 'a waiting caller whose request somebody cancels is answered 409',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const prompt = `${club.prompt} ${randomUUID()}`
      const call = club.generate({ ...club.slow, prompt })
      const running = waitFor(
        async () => {
          const { body } = await club.call<{ data: JobAnswer[] }>('/v1/jobs?limit=10')
          return body.data.find((job) => job.prompt === prompt)
        },
        ...POLLING
      )
      await cancel(club, (await running).id)
      const answer = await call
      if (answer.status === 200) throw new Unchecked('the image was there before it could be canceled')
      isRefused(answer, { status: 409, code: 'canceled' })
    }
  },
  {
    name: 'one Idempotency-Key is one request, whoever waits for it',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const headers = { 'idempotency-key': randomUUID() }
      const json = await club.fields()
      const call = (fields = {}) =>
        club.call<{ request_id: string; id: string }>('/v1/images/generations', {
          json: { ...json, ...fields },
          headers
        })
      const [one, two] = await Promise.all([call(), call()])
      isJson(one)
      assert.equal(one.body.request_id, two.body.request_id)
      assert.equal((await call({ async: true })).body.id, one.body.request_id)
      isRefused(await call({ prompt: `${club.prompt}, and another` }), { status: 409, code: 'idempotency_mismatch' })
    }
  },
  {
    name: 'a call that was refused has not used its Idempotency-Key up',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const headers = { 'idempotency-key': randomUUID() }
      isRefused(await club.generate({ size: 'big' }, { headers }), { status: 400, code: 'invalid_size' })
      isJson(await club.generate({}, { headers }))
    }
  },
  {
    name: 'an Idempotency-Key of 129 characters is refused, one of 128 is not',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const key = randomUUID().padEnd(128, 'x')
      isJson(await club.generate({}, { headers: { 'idempotency-key': key } }))
      const answer = await club.generate({}, { headers: { 'idempotency-key': `${key}x` } })
      isRefused(answer, { status: 400, code: 'invalid_request' })
    }
  },
  {
    name: 'the jobs of others are not there',
    rule: 'docs/jobs.md',
    images: 1,
    run: async (club) => {
      const key = club.keyFor('otherKey', 'an --other-key of somebody who is no admin')
      const { request_id: id } = await club.picture()
      for (const [path, method] of [
        [`/v1/jobs/${id}`, 'GET'],
        [`/v1/jobs/${id}`, 'DELETE'],
        [`/v1/jobs/${id}/cancel`, 'POST'],
        [`/v1/jobs/${id}/retry`, 'POST'],
        [`/v1/jobs/${id}/events`, 'GET']
      ] as const) {
        isRefused(await club.call(path, { method, key }), { status: 404, code: 'not_found' })
      }
    }
  }
]
