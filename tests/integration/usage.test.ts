import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const DAY_S = 86_400

let gateway: TestGateway
let owner: TestUser
let member: TestUser
let admin: TestUser
let start: number
beforeAll(async () => {
  gateway = await startTestGateway()
  owner = await gateway.addUser({ scopes: ['generate', 'agent', 'usage'] })
  member = await gateway.addUser({ scopes: ['generate', 'usage'] })
  admin = await gateway.addUser({ role: 'admin', scopes: ['usage'] })
  const models = ['demo', 'other'].map((id) => ({ id, servedAs: id, features: ['generate', 'variation'] as const }))
  await gateway.addAgent({
    key: owner.key,
    name: 'rig',
    services: [{ concurrency: 2, models: models.map((model) => ({ ...model, features: [...model.features] })) }]
  })
  start = Math.floor(Date.now() / 1000 / DAY_S) * DAY_S

  const make = (key: string, fields: Record<string, unknown>) =>
    gateway.call('/v1/images/generations', { key, json: { model: 'demo', prompt: 'a fox', size: '32x32', ...fields } })
  await make(member.key, { n: 2 })
  await make(member.key, { model: 'other', size: '48x32' })
  const source = await make(owner.key, {})
  const { data } = (await source.json()) as { data: { url: string }[] }
  const form = new FormData()
  form.set('model', 'demo')
  form.set('image', new Blob([await (await fetch(data[0]?.url ?? '')).arrayBuffer()], { type: 'image/png' }), 'a.png')
  await gateway.call('/v1/images/variations', { key: owner.key, method: 'POST', body: form })
  // Half of it in the totals, half in the tail: nobody can tell.
  await gateway.gateway.context.usage.rollUp()
  await make(member.key, { seed: 1 })
})
afterAll(() => gateway.close())

const usageOf = (key: string) =>
  new OpenAI({ adminAPIKey: key, apiKey: null as never, baseURL: `${gateway.url}/v1`, maxRetries: 0 }).admin
    .organization.usage
const get = (path: string, key: string, headers: Record<string, string> = {}) => gateway.call(path, { key, headers })
type Results = Record<string, unknown>[]

describe('GET /v1/organization/usage/images with the official client', () => {
  it('has the shape of OpenAI’s, with dimensions null that were not grouped by', async () => {
    const page = await usageOf(admin.key).images({ start_time: start })
    expect(page).toEqual({
      object: 'page',
      has_more: false,
      next_page: null,
      data: [
        {
          object: 'bucket',
          start_time: start,
          end_time: expect.any(Number) as number,
          results: [
            {
              object: 'organization.usage.images.result',
              images: 6,
              num_model_requests: 5,
              source: null,
              size: null,
              project_id: null,
              user_id: null,
              api_key_id: null,
              model: null,
              provider_id: null
            }
          ]
        }
      ]
    })
  })

  it.each([
    ['model', ['demo', 'other'], [5, 1]],
    ['size', ['32x32', '48x32'], [5, 1]],
    ['source', ['image.generation', 'image.variation'], [5, 1]]
  ] as const)('groups by %s', async (grouping, values, images) => {
    const page = await usageOf(admin.key).images({ start_time: start, group_by: [grouping] })
    const results = page.data[0]?.results as unknown as Results
    expect(results.map((one) => one[grouping])).toEqual(values)
    expect(results.map((one) => one.images)).toEqual(images)
  })

  it('groups by several, provider and people among them', async () => {
    const page = await usageOf(admin.key).images({
      start_time: start,
      group_by: ['user_id', 'api_key_id', 'provider_id' as never]
    })
    const results = page.data[0]?.results as unknown as Results
    expect(results).toHaveLength(2)
    expect(results[0]).toMatchObject({ user_id: member.id, api_key_id: member.keyId, images: 4 })
    expect(results[1]).toMatchObject({ user_id: owner.id, api_key_id: owner.keyId, images: 2 })
    expect(results[0]?.provider_id).toMatch(/^prv_/)
  })

  it.each([
    [{ models: ['other'] }, 1],
    [{ sizes: ['32x32'] }, 5],
    [{ sources: ['image.variation'] }, 1],
    [{ models: ['none'] }, 0]
  ])('filters by %o', async (filter, images) => {
    const page = await usageOf(admin.key).images({ start_time: start, ...(filter as object) })
    const results = page.data[0]?.results as unknown as Results
    expect(results.reduce((sum, one) => sum + Number(one.images), 0)).toBe(images)
  })

  it('pages through the buckets, empty ones too, without gaps', async () => {
    const begin = start - 10 * DAY_S
    const buckets: { start_time: number; end_time: number }[] = []
    let page: string | undefined
    do {
      const answer = await usageOf(admin.key).images({ start_time: begin, limit: 4, ...(page && { page }) })
      buckets.push(...answer.data)
      expect(answer.has_more).toBe(answer.next_page !== null)
      page = answer.next_page ?? undefined
    } while (page)
    expect(buckets).toHaveLength(11)
    buckets.forEach((bucket, index) => expect(bucket.start_time).toBe(begin + index * DAY_S))
  })

  it.each([
    ['1m', 60],
    ['1h', 3600]
  ] as const)('has buckets of %s', async (width, seconds) => {
    const page = await usageOf(admin.key).images({
      start_time: start,
      end_time: start + 2 * seconds,
      bucket_width: width
    })
    expect(page.data.map((bucket) => bucket.end_time - bucket.start_time)).toEqual([seconds, seconds])
  })

  it('counts from the start to before the end, to the second', async () => {
    const { created_at: at } = await gateway.database.db
      .selectFrom('usage_images')
      .select('created_at')
      .orderBy('created_at')
      .executeTakeFirstOrThrow()
    const second = Math.floor(at / 1000)
    const upTo = async (end_time: number) => {
      const page = await usageOf(admin.key).images({ start_time: second - 100, end_time, bucket_width: '1h' })
      return page.data
        .flatMap((bucket) => bucket.results as unknown as Results)
        .reduce((n, one) => n + Number(one.images), 0)
    }
    expect(await upTo(second)).toBe(0)
    expect(await upTo(second + 1)).toBeGreaterThan(0)
  })
})

describe('who sees what', () => {
  it('a member their own, an admin all', async () => {
    const images = async (key: string, filter = {}) => {
      const page = await usageOf(key).images({ start_time: start, ...filter })
      const results = page.data[0]?.results as unknown as Results
      return results.reduce((sum, one) => sum + Number(one.images), 0)
    }
    expect(await images(member.key)).toBe(4)
    expect(await images(member.key, { user_ids: [owner.id] })).toBe(0)
    expect(await images(admin.key, { user_ids: [owner.id] })).toBe(2)
  })

  it('a key without the scope nothing', async () => {
    const { key } = await gateway.addUser()
    const refused = usageOf(key).images({ start_time: start })
    await expect(refused).rejects.toMatchObject({ status: 403, code: 'permission_denied' })
  })
})

describe('what is wrong with a call is said', () => {
  it.each([
    ['', 'start_time'],
    ['?start_time=soon', 'start_time'],
    [`?start_time=100&end_time=100`, 'end_time'],
    ['?start_time=1&bucket_width=1y', 'bucket_width'],
    ['?start_time=1&limit=32', 'limit'],
    ['?start_time=1&bucket_width=1h&limit=169', 'limit'],
    ['?start_time=1&bucket_width=1m&limit=1441', 'limit'],
    ['?start_time=1&group_by=colour', 'group_by'],
    ['?start_time=1&sources=image.painting', 'sources'],
    ['?start_time=1&sizes[]=big', 'sizes'],
    ['?start_time=1&page=two', 'page']
  ])('%s', async (query, param) => {
    const answer = await get(`/v1/organization/usage/images${query}`, admin.key)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { param } })
  })

  it.each([
    ['1d', 31],
    ['1h', 168],
    ['1m', 1440]
  ])('as many as %s buckets of %i are allowed', async (width, limit) => {
    const answer = await get(
      `/v1/organization/usage/images?start_time=1&bucket_width=${width}&limit=${limit}`,
      admin.key
    )
    expect(((await answer.json()) as { data: unknown[] }).data).toHaveLength(limit)
  })
})

it('answers with CSV on request', async () => {
  const path = `/v1/organization/usage/images?start_time=${start}&group_by[]=model&group_by[]=source`
  for (const answer of [
    await get(`${path}&format=csv`, admin.key),
    await get(path, admin.key, { accept: 'text/csv' })
  ]) {
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    const [heading, ...lines] = (await answer.text()).trim().split('\r\n')
    expect(heading).toBe(
      'start_time,end_time,source,size,user_id,api_key_id,model,provider_id,images,num_model_requests'
    )
    expect(lines.map((line) => line.split(',').slice(2).join(','))).toEqual([
      'image.generation,,,,demo,,4,3',
      'image.generation,,,,other,,1,1',
      'image.variation,,,,demo,,1,1'
    ])
  }
})

describe('giving and taking', () => {
  interface Exchange {
    people: { email: string; given: number; taken: number; own: number }[]
    providers: { name: string; for_others: number; for_owner: number }[]
  }
  const exchange = async (key: string) =>
    (await (await get(`/v1/organization/usage/exchange?start_time=${start}`, key)).json()) as Exchange

  it('is told per person and provider', async () => {
    const { people, providers } = await exchange(admin.key)
    const of = ({ email }: TestUser) => people.find((person) => person.email === email)
    expect(of(owner)).toMatchObject({ given: 4, taken: 0, own: 2 })
    expect(of(member)).toMatchObject({ given: 0, taken: 4, own: 0 })
    expect(providers).toMatchObject([{ name: 'rig', for_others: 4, for_owner: 2 }])
  })

  it.each([0, -1])('is refused with an end that is not after its start: %i s', async (after) => {
    const path = `/v1/organization/usage/exchange?start_time=${start}`
    const answer = await get(`${path}&end_time=${start + after}`, member.key)
    expect(answer.status).toBe(400)
    expect(await readError(answer)).toMatchObject({ code: 'invalid_request', param: 'end_time' })
    expect((await get(`${path}&end_time=${start + 1}`, member.key)).status).toBe(200)
  })

  it('shows a member themselves alone', async () => {
    const { people, providers } = await exchange(member.key)
    expect(people.map(({ email }) => email)).toEqual([member.email])
    expect(providers).toEqual([])
  })
})

describe('what an owner lets others have', () => {
  const make = (key: string, model: string) =>
    gateway.call('/v1/images/generations', { key, json: { model, prompt: 'x', size: '32x32', async: true } })
  const stateOf = async (key: string, id: string) =>
    ((await (await gateway.call(`/v1/jobs/${id}`, { key })).json()) as { status: string }).status
  const capped = (model: string, caps: { imagesPerHour?: number; imagesPerUserHour?: number }) =>
    gateway.addAgent({
      key: owner.key,
      name: model,
      services: [{ ...caps, concurrency: 3, models: [{ id: model, servedAs: model, features: ['generate'] }] }]
    })
  const submit = async (key: string, model: string) => ((await (await make(key, model)).json()) as { id: string }).id
  const ended = async (key: string, ids: string[]) => {
    for (;;) {
      const states = await Promise.all(ids.map((id) => stateOf(key, id)))
      if (states.every((state) => state === 'PROCESSED')) return
    }
  }

  it('per person: the next image waits, other people and the owner do not', async () => {
    await capped('for-each', { imagesPerUserHour: 2 })
    const [first, second, third] = [
      await submit(member.key, 'for-each'),
      await submit(member.key, 'for-each'),
      await submit(member.key, 'for-each')
    ]
    await ended(member.key, [first, second])
    const other = await gateway.addUser()
    await ended(other.key, [await submit(other.key, 'for-each')])
    await ended(owner.key, [
      await submit(owner.key, 'for-each'),
      await submit(owner.key, 'for-each'),
      await submit(owner.key, 'for-each')
    ])
    expect(await stateOf(member.key, third)).toBe('QUEUED')
    const waiting = { reason: 'capped', until: expect.any(Number), own_share: true }
    expect(await (await gateway.call(`/v1/jobs/${third}`, { key: member.key })).json()).toMatchObject({ waiting })
    expect(await (await gateway.call('/v1/models/for-each', { key: member.key })).json()).toMatchObject({ waiting })
    // An hour later it is their turn again.
    const images = gateway.database.db.updateTable('usage_images').where('user_id', '=', member.id)
    await images.set((e) => ({ created_at: e('created_at', '-', 3_600_000) })).execute()
    gateway.database.bell.ring('tasks')
    await ended(member.key, [third])
  })

  it('in all', async () => {
    await capped('for-all', { imagesPerHour: 1 })
    await ended(member.key, [await submit(member.key, 'for-all')])
    const other = await gateway.addUser()
    const waiting = await submit(other.key, 'for-all')
    await ended(owner.key, [await submit(owner.key, 'for-all')])
    expect(await stateOf(other.key, waiting)).toBe('QUEUED')
    const job = (await (await gateway.call(`/v1/jobs/${waiting}`, { key: other.key })).json()) as object
    expect(job).toMatchObject({ queue_position: 1, waiting: { reason: 'capped', until: expect.any(Number) } })
    expect(job).not.toHaveProperty('eta_seconds')
    // So does one more: who chooses a model is told before.
    const modelFor = async (key: string) => (await gateway.call('/v1/models/for-all', { key })).json()
    expect(await modelFor(other.key)).toMatchObject({ waiting: { reason: 'capped', until: expect.any(Number) } })
    expect(await modelFor(owner.key)).not.toHaveProperty('waiting')
    // Who waits for the answer need not wait for what is known: it comes within seconds, and nothing of it goes on.
    const json = { model: 'for-all', prompt: 'at once', size: '32x32' }
    const refused = await gateway.call('/v1/images/generations', { key: other.key, json })
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ error: { code: 'upstream_busy' } })
    const states = gateway.database.db.selectFrom('requests').select('state').where('prompt', '=', 'at once')
    expect(await states.execute()).toEqual([{ state: 'failed' }])
  })
})
