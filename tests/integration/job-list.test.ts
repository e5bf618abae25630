import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callJson } from '../support/call-json.ts'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { jobCalls, type JobPage } from '../support/job-calls.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const STUCK = { model: 'stuck' }

let gateway: TestGateway
let fakes: FakeModels

beforeAll(async () => {
  gateway = await startTestGateway()
  fakes = await startFakeModels(gateway)
  const owner = await gateway.addUser()
  // Takes one image and never finishes it: everything else of this model waits.
  const services = [{ models: [{ id: STUCK.model, features: ['generate' as const] }] }]
  const worker = await startHandWorker(gateway, { key: owner.key, services })
  await jobCalls(gateway, owner).submit(STUCK)
  await worker.next()
})

afterAll(async () => {
  await gateway.close()
  await fakes.close()
})

/** That many jobs that wait, made in one go. */
async function submitMany({ key }: TestUser, count: number): Promise<void> {
  const body = { ...STUCK, prompt: 'one of many' }
  const requests = Array.from({ length: count }, () => ({ endpoint: '/v1/images/generations', body }))
  expect((await callJson(gateway, '/v1/batches', { key, json: { requests } })).status).toBe(202)
}

/** The user's ids as they are to be listed: newest first, those of one moment in falling order. */
async function newestFirst(user: TestUser): Promise<string[]> {
  const rows = await gateway.database.db
    .selectFrom('requests')
    .select(['id', 'created_at'])
    .where('user_id', '=', user.id)
    .execute()
  return rows.sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1)).map((row) => row.id)
}

const idsOf = (page: JobPage) => page.data.map((job) => job.id)

/** Every page there is, as a client walks them. */
async function walk(user: TestUser, query: string): Promise<JobPage[]> {
  const pages: JobPage[] = []
  do {
    const after = pages.at(-1)?.last_id
    pages.push(await jobCalls(gateway, user).list(`?${query}${after ? `&after=${after}` : ''}`))
  } while (pages.at(-1)?.has_more)
  return pages
}

const refused = async (user: TestUser, query: string) =>
  readError(await gateway.call(`/v1/jobs?${query}`, { key: user.key }))

describe('the list', () => {
  it('is empty at first', async () => {
    const page = await jobCalls(gateway, await gateway.addUser()).list()
    expect(page).toEqual({ object: 'list', data: [], first_id: null, last_id: null, has_more: false })
  })

  it('tells what was asked for, but for unknown fields, however large they were', async () => {
    const user = await gateway.addUser()
    const jobs = jobCalls(gateway, user)
    const id = await jobs.submit({ ...STUCK, seed: 5, control: 'x'.repeat(60_000) })
    const page = await jobs.list()
    expect(page.data).toMatchObject([{ id, parameters: { seed: 5, n: 1 } }])
    expect(JSON.stringify(page).length).toBeLessThan(2000)
    expect(JSON.stringify(await jobs.get(id)).length).toBeGreaterThan(60_000)
  })

  it("holds one's own, newest first, those of synchronous calls and batches included", async () => {
    const [user, other] = [await gateway.addUser(), await gateway.addUser()]
    const model = await fakes.add(user)
    await user.client.images.generate({ model: model.id, prompt: 'x' })
    await submitMany(user, 2)
    await jobCalls(gateway, user).submit(STUCK)
    await jobCalls(gateway, other).submit(STUCK)
    const page = await jobCalls(gateway, user).list()
    expect(page.data).toHaveLength(4)
    expect(idsOf(page)).toEqual(await newestFirst(user))
    expect(page).toMatchObject({ first_id: page.data[0]?.id, last_id: page.data[3]?.id, has_more: false })
  })

  it('shows each job as it is shown by itself, but without its result', async () => {
    const user = await gateway.addUser()
    const jobs = jobCalls(gateway, user)
    const model = await fakes.add(user)
    model.answers('ok', 'error_400')
    const done = await jobs.submit({ model: model.id, seed: 3 })
    await jobs.ended(done)
    const failed = await jobs.submit({ model: model.id })
    await jobs.ended(failed)
    const waiting = await jobs.submit(STUCK)
    const listed = new Map((await jobs.list()).data.map((job) => [job.id, job]))
    const { result, ...shown } = await jobs.get(done)
    expect(result).toBeDefined()
    expect(listed.get(done)).toEqual(shown)
    expect(shown.result_url).toBe(result?.data[0]?.url)
    expect(listed.get(failed)).toEqual(await jobs.get(failed))
    expect(listed.get(waiting)).toMatchObject({ queue_position: (await jobs.get(waiting)).queue_position })
  })
})

describe('status and active', () => {
  it('narrow it', async () => {
    const user = await gateway.addUser()
    const jobs = jobCalls(gateway, user)
    const model = await fakes.add(user)
    model.answers('ok', 'error_400', 'hang')
    const PROCESSED = await jobs.submit({ model: model.id })
    await jobs.ended(PROCESSED)
    const FAILED = await jobs.submit({ model: model.id })
    await jobs.ended(FAILED)
    const PROCESSING = await jobs.submit({ model: model.id })
    await jobs.when(PROCESSING, 'PROCESSING')
    const CANCELED = await jobs.submit(STUCK)
    await jobs.cancel(CANCELED)
    const QUEUED = await jobs.submit(STUCK)

    const all = { PROCESSED, FAILED, PROCESSING, CANCELED, QUEUED }
    for (const [status, id] of Object.entries(all)) expect(idsOf(await jobs.list(`?status=${status}`))).toEqual([id])
    for (const active of ['1', 'true'])
      expect(idsOf(await jobs.list(`?active=${active}`))).toEqual([QUEUED, PROCESSING])
    for (const query of ['', '?active=0', '?active=false', '?active=&status=']) {
      expect((await jobs.list(query)).data).toHaveLength(5)
    }
    expect(idsOf(await jobs.list('?active=1&status=QUEUED'))).toEqual([QUEUED])
    expect(idsOf(await jobs.list('?active=1&status=FAILED'))).toEqual([])
    await jobs.cancel(PROCESSING)
  })

  it('of other values are refused by name', async () => {
    const user = await gateway.addUser()
    for (const query of ['status=DONE', 'status=queued', 'status=QUEUED&status=FAILED']) {
      expect(await refused(user, query)).toMatchObject({ code: 'invalid_request', param: 'status' })
    }
    expect(await refused(user, 'active=maybe')).toMatchObject({ code: 'invalid_request', param: 'active' })
  })
})

describe('limit', () => {
  it('is 50 unless it is given, and at most 200', async () => {
    const user = await gateway.addUser()
    const jobs = jobCalls(gateway, user)
    await submitMany(user, 201)
    for (const [query, count] of [
      ['', 50],
      ['?limit=1', 1],
      ['?limit=200', 200]
    ] as const) {
      const page = await jobs.list(query)
      expect(page.data).toHaveLength(count)
      expect(page.has_more).toBe(true)
    }
  })

  it.each(['0', '201', '-1', '1.5', 'many'])('%s is refused by name', async (limit) => {
    const user = await gateway.addUser()
    expect(await refused(user, `limit=${limit}`)).toMatchObject({ code: 'invalid_request', param: 'limit' })
  })
})

describe('after', () => {
  it('leads through all of them, each once, those of one moment included', async () => {
    const user = await gateway.addUser()
    await submitMany(user, 11)
    await gateway.database.db
      .updateTable('requests')
      .set({ created_at: 1_700_000_000_000 })
      .where('user_id', '=', user.id)
      .execute()
    await submitMany(user, 6)
    const ids = await newestFirst(user)
    for (const limit of [1, 4, 16, 17]) {
      const pages = await walk(user, `limit=${limit}`)
      expect(pages).toHaveLength(Math.ceil(ids.length / limit))
      expect(pages.flatMap(idsOf)).toEqual(ids)
    }
  })

  it('is not led astray by what is made meanwhile, and works with a filter', async () => {
    const user = await gateway.addUser()
    const jobs = jobCalls(gateway, user)
    await submitMany(user, 5)
    const ids = await newestFirst(user)
    await jobs.cancel(ids[1]!)
    const waiting = ids.toSpliced(1, 1)
    const first = await jobs.list('?limit=2&status=QUEUED')
    await submitMany(user, 3)
    const second = await jobs.list(`?limit=2&status=QUEUED&after=${first.last_id}`)
    expect([...idsOf(first), ...idsOf(second)]).toEqual(waiting)
    expect(second.has_more).toBe(false)
    // A job that has changed its state since is still a place in the list.
    await jobs.cancel(first.last_id!)
    expect(idsOf(await jobs.list(`?status=QUEUED&after=${first.last_id}`))).toEqual(waiting.slice(2))
  })

  it('is refused when it is not the id of an own job, or a client would begin anew for ever', async () => {
    const [user, other] = [await gateway.addUser(), await gateway.addUser()]
    const jobs = jobCalls(gateway, user)
    const deleted = await jobs.submit(STUCK)
    await jobs.cancel(deleted)
    await jobs.remove(deleted)
    const foreign = await jobCalls(gateway, other).submit(STUCK)
    for (const after of [deleted, foreign, 'req_0000000000000000000000000', 'nonsense', 'x'.repeat(101)]) {
      expect(await refused(user, `after=${after}`)).toMatchObject({ code: 'invalid_request', param: 'after' })
    }
  })
})

it('is shorter where texts are long, and everything is there in the end', async () => {
  const user = await gateway.addUser()
  const prompt = 'x'.repeat(31_000)
  const body = { ...STUCK, prompt, negative_prompt: prompt, note: 'y'.repeat(60_000) }
  for (let at = 0; at < 3; at++) {
    const requests = Array.from({ length: 25 }, () => ({ endpoint: '/v1/images/generations', body }))
    expect((await callJson(gateway, '/v1/batches', { key: user.key, json: { requests } })).status).toBe(202)
  }
  const pages = await walk(user, 'limit=200')
  expect(pages.flatMap(idsOf)).toEqual(await newestFirst(user))
  expect(pages.map((page) => page.data.length)).toEqual([16, 16, 16, 16, 11])
  const person = await gateway.signIn(user)
  const found: string[] = []
  for (let after = ''; ;) {
    const path = `/api/dashboard/requests?limit=200${after}`
    const response = await gateway.call(path, { headers: { cookie: person } })
    const text = await response.text()
    expect(text.length).toBeLessThan(2_500_000)
    const page = JSON.parse(text) as { items: { id: string }[]; next: string | null }
    found.push(...page.items.map(({ id }) => id))
    if (page.next === null) break
    after = `&cursor=${encodeURIComponent(page.next)}`
  }
  expect(found).toEqual(await newestFirst(user))
})

it('is shorter, too, where much was said of the images', async () => {
  const user = await gateway.addUser()
  const jobs = jobCalls(gateway, user)
  for (let at = 0; at < 3; at++) await jobs.submit({ ...STUCK, n: 2 })
  const said = { report: JSON.stringify('x'.repeat(250_000)), warnings: JSON.stringify(['x'.repeat(125_000)]) }
  await gateway.database.db.updateTable('tasks').set(said).where('user_id', '=', user.id).execute()
  expect((await walk(user, 'limit=200')).map((page) => page.data.length)).toEqual([2, 1])
})
