import assert from 'node:assert/strict'
import { waitFor } from '../../support/wait-for.ts'
import type { AcceptanceCase } from '../acceptance-case.ts'
import { POLLING, type Club, type Fields } from '../club.ts'
import { hasMembers, isJson, isRefused } from '../expectations.ts'

interface Batch {
  id: string
  object: string
  label: string | null
  status: string
  total: number
  queued: number
  processing: number
  processed: number
  failed: number
  canceled: number
  created: number
  jobs: { id: string; status: string }[]
}

const COUNTS = ['total', 'queued', 'processing', 'processed', 'failed', 'canceled']
const BATCH = ['id', 'object', 'label', 'status', ...COUNTS, 'created', 'jobs']
const DELIVERY = [
  ...['id', 'object', 'event_type', 'job_id', 'url', 'status', 'tries', 'last_status', 'last_error'],
  ...['created_at', 'next_try_at', 'delivered_at']
]

const GENERATIONS = '/v1/images/generations'

async function submit(club: Club, bodies: Fields[], label = club.mark) {
  const requests = await Promise.all(
    bodies.map(async (body) => ({ endpoint: GENERATIONS, body: await club.fields(body) }))
  )
  return club.call<Batch>('/v1/batches', { json: { label, requests } })
}

export const batchesAndWebhooks: AcceptanceCase[] = [
  {
    name: 'a batch is accepted, runs and is done',
    rule: 'docs/jobs.md',
    images: 2,
    run: async (club) => {
      const answer = await submit(club, [{}, { seed: 2 }])
      isJson(answer, 202)
      hasMembers(answer.body, BATCH)
      const { id, object, label, total } = answer.body
      assert.match(id, /^bat_/)
      assert.deepEqual({ object, label, total }, { object: 'inference.batch', label: club.mark, total: 2 })
      const done = await waitFor(
        async () => {
          const { body } = await club.call<Batch>(`/v1/batches/${id}`)
          return body.status === 'DONE' && body
        },
        ...POLLING
      )
      hasMembers(done, BATCH)
      assert.equal(done.processed, 2)
      for (const job of done.jobs) assert.equal(job.status, 'PROCESSED')
      const list = await club.call<{ data: Batch[] }>('/v1/batches/?limit=5')
      hasMembers(list.body, ['object', 'data', 'first_id', 'last_id', 'has_more'])
      assert.ok(list.body.data.some((one) => one.id === id))
    }
  },
  {
    name: 'a batch is canceled whole',
    rule: 'docs/jobs.md',
    images: 2,
    run: async (club) => {
      const { body } = await submit(club, [club.slow, club.slow])
      const answer = await club.call<Batch>(`/v1/batches/${body.id}/cancel`, { method: 'POST' })
      isJson(answer)
      hasMembers(answer.body, BATCH)
      assert.equal(answer.body.status, 'DONE')
      assert.equal(answer.body.canceled + answer.body.processed, 2)
    }
  },
  {
    name: 'one mistake refuses the whole batch and names its place',
    rule: 'docs/jobs.md',
    run: async (club) => {
      const answer = await submit(club, [{}, {}, { size: 'big' }])
      isRefused(answer, { status: 400, code: 'invalid_size', param: 'requests[2].body.size' })
    }
  },
  ...[0, 257].map((count) => ({
    name: `a batch of ${count} is refused`,
    rule: 'docs/jobs.md: 1 to 256',
    run: async (club: Club) =>
      isRefused(await submit(club, Array(count).fill({})), { status: 400, code: 'invalid_request' })
  })),
  {
    name: 'a batch that is not there is 404',
    rule: 'docs/jobs.md',
    run: async (club) => {
      isRefused(await club.call('/v1/batches/bat_nothing'), { status: 404, code: 'not_found' })
      isRefused(await club.call('/v1/batches/bat_nothing/cancel', { method: 'POST' }), {
        status: 404,
        code: 'not_found'
      })
    }
  },
  {
    name: 'a webhook that was asked for is in the log when the job has ended',
    rule: 'docs/webhooks.md',
    images: 1,
    run: async (club) => {
      // Nobody is called: port 9 discards, and a name under .invalid leads nowhere (RFC 6761).
      const { body } = await club.startJob({ webhook_url: 'https://hooks.invalid:9/acceptance' })
      await club.finished(body.id)
      const list = await waitFor(async () => {
        const answer = await club.call<{ data: { id: string; event_type: string; job_id: string }[] }>(
          `/v1/webhooks/deliveries?job=${body.id}`
        )
        return answer.body.data.length > 0 && answer
      })
      isJson(list)
      const [delivery] = list.body.data
      hasMembers(delivery, DELIVERY)
      assert.equal(delivery?.event_type, 'image.completed')
      assert.equal(delivery.job_id, body.id)
      const again = await club.call(`/v1/webhooks/deliveries/${delivery.id}/redeliver`, { method: 'POST' })
      isJson(again, 202)
      hasMembers(again.body, DELIVERY)
    }
  },
  {
    name: 'webhook_url needs async, and an http address',
    rule: 'docs/webhooks.md',
    run: async (club) => {
      const refusal = { status: 400, code: 'invalid_request', param: 'webhook_url' }
      isRefused(await club.generate({ webhook_url: 'https://hooks.invalid/' }), refusal)
      isRefused(await club.generate({ async: true, webhook_url: 'ftp://hooks.invalid/' }), refusal)
    }
  },
  {
    name: 'a delivery that is not there is 404',
    rule: 'docs/webhooks.md',
    run: async (club) => {
      const answer = await club.call('/v1/webhooks/deliveries/whd_nothing/redeliver', { method: 'POST' })
      isRefused(answer, { status: 404, code: 'not_found' })
    }
  }
]
