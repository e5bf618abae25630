import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RequestQuery } from '../../src/http/dashboard/contract/requests.ts'
import { batchCalls } from '../support/batch-calls.ts'
import { callJson } from '../support/call-json.ts'
import { type FakeModels, startFakeModels } from '../support/fake-models.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { jobCalls } from '../support/job-calls.ts'
import { leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { requestPages } from '../support/request-pages.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const SIZE = { width: 32, height: 32 }

let gateway: TestGateway
let fakes: FakeModels
let picture: Buffer
let mask: Buffer

beforeAll(async () => {
  gateway = await startTestGateway()
  fakes = await startFakeModels(gateway)
  picture = await plainPng(SIZE, [10, 200, 30])
  mask = await leftHalfTransparent(SIZE)
})

afterAll(async () => {
  await gateway.close()
  await fakes.close()
})

const pagesOf = async (user: { id: string }) => requestPages(gateway, { cookie: await gateway.signIn(user) })

/** Somebody new with a model of their own, signed in, with a key. */
async function newcomer() {
  const { user, model, jobs } = await fakes.newcomer()
  return { user, model, jobs, pages: await pagesOf(user) }
}

const newAdmin = async () => requestPages(gateway, await gateway.addPerson({ role: 'admin', name: 'Ada' }))

const idsOf = (items: readonly { id: string }[]) => items.map(({ id }) => id)

/** In the order of lists: those of one millisecond lie in no order that a test could know before. */
async function newestFirst(ids: readonly string[]): Promise<string[]> {
  const rows = await gateway.database.db
    .selectFrom('requests')
    .select(['id', 'created_at'])
    .where('id', 'in', ids)
    .execute()
  return rows.sort((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1)).map(({ id }) => id)
}

/** Requests as they would be after years, written straight into the database; the id tells their place, 0 is oldest. */
async function addPast(user: { id: string }, many: { count: number; prompt: (index: number) => string }) {
  const idOf = (index: number) => `req_past${user.id.slice(4)}${String(index).padStart(6, '0')}`
  const past = { user_id: user.id, api_key_id: '', kind: 'generation', is_async: 1, model: 'past', n: 1 }
  const end = { state: 'succeeded' as const, parameters: '{"extra":{}}', warnings: '[]' }
  for (let from = 0; from < many.count; from += 1000) {
    const indexes = Array.from({ length: Math.min(1000, many.count - from) }, (_, place) => from + place)
    const rows = indexes.map((index) => ({ id: idOf(index), prompt: many.prompt(index), created_at: 1000 + index }))
    await gateway.database.db
      .insertInto('requests')
      .values(rows.map((row) => ({ ...row, ...past, ...end })))
      .execute()
  }
  return idOf
}

const PATHS = ['/requests', '/requests/req_1', '/queue', '/filters']

describe('whoever is not signed in', () => {
  it.each(PATHS)('is told nothing at %s', async (path) => {
    const { key } = await gateway.addUser()
    for (const init of [{}, { key }, { headers: { cookie: 'inference-club.session_token=made-up' } }]) {
      const { status, body } = await callJson(gateway, `/api/dashboard${path}`, init)
      expect([status, body]).toEqual([401, { error: expect.objectContaining({ code: 'not_signed_in' }) }])
    }
  })
})

describe('the list', () => {
  it('shows what became of each, newest first', async () => {
    const { user, model, jobs, pages } = await newcomer()
    expect(await pages.list()).toEqual({ items: [], next: null })
    const made = await jobs.submit({ model: model.id, n: 2, seed: 5 })
    await jobs.ended(made)
    const edited = await jobs.submitForm({
      route: 'edits',
      fields: { model: model.id, prompt: 'in the snow' },
      files: { image: picture, mask }
    })
    await jobs.ended(edited)
    model.answers('error_400')
    const failed = await jobs.submit({ model: model.id })
    await jobs.ended(failed)
    const { items, next } = await pages.list()
    expect([idsOf(items), next]).toEqual([[failed, edited, made], null])
    const image = (position: number) => ({
      ...{ id: expect.stringMatching(/^ast_/), position, ...SIZE },
      ...{ mediaType: 'image/png', bytes: expect.any(Number), seed: expect.any(Number) }
    })
    const source = { ...image(0), seed: null }
    const times = { createdAt: expect.any(Number), startedAt: expect.any(Number), finishedAt: expect.any(Number) }
    const same = {
      model: model.id,
      owner: { id: user.id, name: user.email },
      visibility: 'UNLISTED',
      takenDown: null,
      expiresAt: null,
      expiresIn: null,
      pinned: false,
      ...times,
      queuePosition: null,
      etaSeconds: null,
      etaToldAt: null,
      isOverdue: false,
      wait: null,
      making: []
    }
    expect(items).toEqual([
      {
        ...{
          ...same,
          id: failed,
          kind: 'generation',
          status: 'failed',
          prompt: 'a red fox',
          n: 1,
          images: [],
          inputs: []
        },
        ...{ mask: null, progress: 0, size: SIZE, providers: [`agent of ${model.id}`] },
        error: { code: 'invalid_request', message: expect.any(String) }
      },
      {
        ...{ ...same, id: edited, kind: 'edit', status: 'succeeded', prompt: 'in the snow', n: 1, images: [image(0)] },
        ...{
          inputs: [source],
          mask: source,
          progress: 100,
          size: null,
          providers: [`agent of ${model.id}`],
          error: null
        }
      },
      {
        ...{
          ...same,
          id: made,
          kind: 'generation',
          status: 'succeeded',
          prompt: 'a red fox',
          n: 2,
          inputs: [],
          mask: null
        },
        ...{ images: [image(0), image(1)], progress: 100, size: SIZE, providers: [`agent of ${model.id}`], error: null }
      }
    ])
    expect(items[2]?.images.map(({ seed }) => seed)).toEqual([5, 6])
  })

  it('is narrowed by each filter and by all of them', async () => {
    const { user, model, jobs, pages } = await newcomer()
    const other = await fakes.add(user)
    const providerOf = async (id: string) =>
      (await gateway.gateway.context.requestViews.view(id)).attempts[0]?.provider_id
    const fox = await jobs.submit({ model: model.id, prompt: 'Ein FUCHS' })
    await jobs.ended(fox)
    const bear = await jobs.submit({ model: other.id, prompt: 'ein Bär' })
    await jobs.ended(bear)
    const both = await jobs.submitForm({
      route: 'edits',
      fields: { model: model.id, prompt: 'FUCHS und BÄR' },
      files: { image: picture }
    })
    await jobs.ended(both)
    model.answers('error_400')
    const failed = await jobs.submit({ model: model.id, prompt: 'kein Fuchs' })
    await jobs.ended(failed)
    const variation = await jobs.submitForm({
      route: 'variations',
      fields: { model: model.id },
      files: { image: picture }
    })
    await jobs.ended(variation)
    model.answers('hang')
    const running = await jobs.submit({ model: model.id, prompt: 'лиса' })
    await jobs.when(running, 'PROCESSING')
    const waiting = await jobs.submit({ model: model.id, prompt: 'рыжая ЛИСА' })
    const canceled = await jobs.submit({ model: model.id, prompt: 'niemand' })
    await jobs.cancel(canceled)

    const all = await newestFirst([canceled, waiting, running, variation, failed, both, bear, fox])
    const createdAt = new Map((await pages.list()).items.map((item) => [item.id, item.createdAt]))
    const [provider, otherProvider] = [await providerOf(fox), await providerOf(bear)]
    const at = (id: string) => createdAt.get(id) ?? 0
    const cases: [RequestQuery, string[]][] = [
      [{}, all],
      [{ q: 'fuchs' }, [failed, both, fox]],
      [{ q: 'BÄR' }, [both, bear]],
      [{ q: 'bär fuchs' }, [both]],
      [{ q: 'Лиса' }, [waiting, running]],
      [{ q: 'zebra' }, []],
      [{ model: other.id }, [bear]],
      [{ model: 'unknown' }, []],
      [{ provider: provider ?? '' }, [running, variation, failed, both, fox]],
      [{ provider: otherProvider ?? '' }, [bear]],
      [{ provider: 'prv_unknown' }, []],
      [{ status: 'succeeded' }, [variation, both, bear, fox]],
      [{ status: 'failed' }, [failed]],
      [{ status: 'canceled' }, [canceled]],
      [{ status: 'queued' }, [waiting]],
      [{ status: 'running' }, [running]],
      [{ status: 'active' }, [waiting, running]],
      [{ kind: 'edit' }, [both]],
      [{ kind: 'variation' }, [variation]],
      [{ kind: 'generation' }, [canceled, waiting, running, failed, bear, fox]],
      [{ from: at(variation) }, all.filter((id) => at(id) >= at(variation))],
      [{ to: at(bear) }, all.filter((id) => at(id) <= at(bear))],
      [{ from: at(bear), to: at(failed) }, all.filter((id) => at(id) >= at(bear) && at(id) <= at(failed))],
      [{ from: at(failed) + 1, to: at(failed) }, []],
      [{ owner: user.id }, all],
      [{ q: 'fuchs', status: 'succeeded' }, [both, fox]],
      [{ q: 'fuchs', model: model.id, kind: 'generation' }, [failed, fox]],
      [{ model: model.id, status: 'active', q: 'рыжая' }, [waiting]],
      [
        {
          ...{ q: 'und', model: model.id, provider: provider ?? '', status: 'succeeded', kind: 'edit', owner: user.id },
          ...{ from: at(both), to: at(both) }
        },
        [both]
      ]
    ]
    for (const [query, expected] of cases) {
      const found = all.filter((id) => expected.includes(id))
      expect(idsOf((await pages.list(query)).items), JSON.stringify(query)).toEqual(found)
      expect(idsOf(await pages.listAll({ ...query, limit: 1 })), JSON.stringify(query)).toEqual(found)
    }
    for (const id of [running, waiting]) await jobs.cancel(id)
  })

  it('looks for what LIKE would take for anything literally', async () => {
    const user = await gateway.addUser()
    const pages = await pagesOf(user)
    const prompts = ['100% wool', '100 sheep', 'snake_case', 'snake case', 'back\\slash', "it's"]
    const idOf = await addPast(user, { count: prompts.length, prompt: (index) => prompts[index] ?? '' })
    for (const [q, expected] of [
      ['%', [0]],
      ['100%', [0]],
      ['_', [2]],
      ['snake_c', [2]],
      ['\\', [4]],
      ["'", [5]],
      ['*', []],
      ['"', []],
      ['SNAKE case', [3, 2]]
    ] as const) {
      expect(idsOf((await pages.list({ q })).items), q).toEqual(expected.map(idOf))
    }
  })

  it('repeats and misses nothing while new requests come in', async () => {
    const { model, jobs, pages } = await newcomer()
    const before: string[] = []
    for (let index = 0; index < 7; index++) before.push(await jobs.submit({ model: model.id }))
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await pages.list({ limit: 2, ...(cursor !== undefined && { cursor }) })
      seen.push(...idsOf(page.items))
      cursor = page.next ?? undefined
      await jobs.submit({ model: model.id })
    } while (cursor !== undefined)
    expect(seen).toEqual(await newestFirst(before))
    await gateway.drain()
  })

  it('gives up to 200 at once', async () => {
    const user = await gateway.addUser()
    const pages = await pagesOf(user)
    const idOf = await addPast(user, { count: 201, prompt: () => 'one of many' })
    const newest = Array.from({ length: 201 }, (_, index) => idOf(200 - index))
    const first = await pages.list({ limit: 200 })
    expect(idsOf(first.items)).toEqual(newest.slice(0, 200))
    const rest = await pages.list({ limit: 200, cursor: first.next ?? '' })
    expect([idsOf(rest.items), rest.next]).toEqual([newest.slice(200), null])
    expect(idsOf((await pages.list()).items)).toEqual(newest.slice(0, 50))
    expect(idsOf((await pages.list({ limit: 1 })).items)).toEqual(newest.slice(0, 1))
    for (const limit of [0, 201]) {
      expect(await pages.refusal(`/requests?limit=${limit}`)).toEqual([400, 'invalid_request', 'limit'])
    }
  })

  it('comes to the end of a long past page by page, of which some are empty', async () => {
    const user = await gateway.addUser()
    const pages = await pagesOf(user)
    const idOf = await addPast(user, { count: 60_000, prompt: (index) => (index === 3 ? 'the first Zebra' : 'horses') })
    const empty = await pages.list({ q: 'zebra' })
    expect(empty).toEqual({ items: [], next: expect.any(String) })
    const last = await pages.list({ q: 'zebra', cursor: empty.next ?? '' })
    expect([idsOf(last.items), last.next]).toEqual([[idOf(3)], null])
    expect(idsOf(await pages.listAll({ kind: 'edit' }))).toEqual([])
  })

  it.each([
    ['status', 'PROCESSED'],
    ['kind', 'picture'],
    ['from', 'today'],
    ['to', '-1'],
    ['limit', 'all'],
    ['cursor', 'req_1'],
    ['q', 'x'.repeat(501)],
    ['provide', 'prv_1']
  ])('names %s when it is refused', async (name, value) => {
    const pages = await pagesOf(await gateway.addUser())
    expect(await pages.refusal(`/requests?${name}=${value}`)).toEqual([400, 'invalid_request', name])
  })
})

describe('other people', () => {
  it("see nothing of one's requests, admins everything", async () => {
    const { user, model, jobs, pages } = await newcomer()
    model.answers('hang')
    const id = await jobs.submit({ model: model.id, prompt: `only for ${user.id}` })
    await jobs.when(id, 'PROCESSING')
    const stranger = await pagesOf(await gateway.addUser())
    expect(await stranger.list()).toEqual({ items: [], next: null })
    expect(await stranger.list({ model: model.id })).toEqual({ items: [], next: null })
    expect(await stranger.refusal(`/requests/${id}`)).toEqual([404, 'not_found', null])
    expect(await stranger.queue()).toMatchObject({ items: [], more: false })
    expect((await stranger.filters()).owners).toEqual([])
    for (const owner of [user.id, 'all']) {
      expect(await stranger.refusal(`/requests?owner=${owner}`)).toEqual([403, 'permission_denied', null])
      expect(await stranger.refusal(`/queue?owner=${owner}`)).toEqual([403, 'permission_denied', null])
    }

    const admin = await newAdmin()
    expect((await admin.list()).items).toEqual([])
    expect(await admin.list({ owner: user.id })).toEqual(await pages.list())
    const found = await admin.list({ owner: 'all', q: user.id })
    expect(found.items).toMatchObject([{ id, owner: { id: user.id, name: user.email } }])
    expect(await admin.list({ owner: 'usr_unknown' })).toEqual({ items: [], next: null })
    expect(await admin.detail(id)).toEqual({ ...(await pages.detail(id)), isMine: false })
    expect(idsOf((await admin.queue('all')).items)).toContain(id)
    expect(idsOf((await admin.queue(user.id)).items)).toEqual([id])
    expect((await admin.queue()).items).toEqual([])
    expect((await admin.filters()).owners).toContainEqual({ id: user.id, name: user.email })
    await jobs.cancel(id)
  })

  it('may cancel when they are admins, and neither retry nor delete', async () => {
    const { model, jobs, pages } = await newcomer()
    const [stranger, admin] = [await pagesOf(await gateway.addUser()), await newAdmin()]
    model.answers('hang')
    const id = await jobs.submit({ model: model.id })
    await jobs.when(id, 'PROCESSING')
    const cancel = `/jobs/${id}/cancel`
    expect(await stranger.refusal(cancel, { method: 'POST' })).toEqual([404, 'not_found', null])
    expect(await admin.call(cancel, { method: 'POST' })).toMatchObject({ status: 200, body: { canceled: true } })
    expect(await pages.detail(id)).toMatchObject({ status: 'canceled', error: null, isMine: true })
    expect(await admin.refusal(`/jobs/${id}/retry`, { method: 'POST' })).toEqual([404, 'not_found', null])
    expect(await admin.refusal(`/jobs/${id}`, { method: 'DELETE' })).toEqual([404, 'not_found', null])
    expect(await pages.call(`/jobs/${id}`, { method: 'DELETE' })).toMatchObject({ status: 200 })
    expect(await pages.refusal(`/requests/${id}`)).toEqual([404, 'not_found', null])
  })
})

describe('the details', () => {
  it('tell what was asked for, with what, and how it went', async () => {
    const { user, model, jobs, pages } = await newcomer()
    const id = await jobs.submit({ model: model.id, negative_prompt: 'dark', guidance_scale: 4, lora: 'x' })
    await jobs.ended(id)
    const detail = await pages.detail(id)
    const [summary] = (await pages.list()).items
    expect(detail).toMatchObject({ ...summary })
    const asked = { n: 1, size: '32x32', negative_prompt: 'dark', guidance_scale: 4, lora: 'x' }
    expect(detail).toMatchObject({
      parameters: asked,
      key: { id: user.keyId, name: 'test' },
      isAsync: true,
      isMine: true
    })
    expect(detail).toMatchObject({ batchId: null, warnings: expect.any(Array) })
    const [attempt] = detail.attempts
    expect(detail.attempts).toEqual([
      {
        owner: { id: expect.any(String), name: expect.any(String) },
        ...{ image: 0, provider: `agent of ${model.id}`, service: `service of ${model.id}`, state: 'succeeded' },
        ...{ progress: expect.any(Number), reason: null, message: null, queuedAt: detail.createdAt },
        ...{ assignedAt: expect.any(Number), progressedAt: attempt?.progressedAt },
        ...{ generatingMs: expect.any(Number), finishedAt: expect.any(Number) }
      }
    ])
    expect(attempt?.assignedAt).toBeGreaterThanOrEqual(detail.createdAt)
    expect(await pages.refusal('/requests/req_unknown')).toEqual([404, 'not_found', null])
  })

  it('name no key when it was made in the dashboard, and the batch when it is of one', async () => {
    const { user, model, pages } = await newcomer()
    const id = await pages.submit({ model: model.id })
    expect(await pages.detail(id)).toMatchObject({ id, key: null, batchId: null })
    const body = { model: model.id, prompt: 'one of a batch', size: '32x32' }
    const batch = await batchCalls(gateway, user).submit([{ endpoint: '/v1/images/generations', body }])
    const [job] = batch.jobs
    expect(await pages.detail(job?.id ?? '')).toMatchObject({ batchId: batch.id, key: { id: user.keyId } })
    await gateway.drain()
  })
})

describe('the queue', () => {
  async function handMade(
    model: string
  ): Promise<{ user: TestUser; worker: Awaited<ReturnType<typeof startHandWorker>> }> {
    const user = await gateway.addUser()
    const services = [{ concurrency: 1, models: [{ id: model, features: ['generate' as const] }] }]
    return { user, worker: await startHandWorker(gateway, { key: user.key, services }) }
  }

  it('lists what runs and then what waits, with places among those of everybody', async () => {
    const { user, worker } = await handMade('queue-a')
    const other = await gateway.addUser()
    const [mine, theirs] = [jobCalls(gateway, user), jobCalls(gateway, other)]
    const running = await mine.submit({ model: 'queue-a' })
    const first = await worker.next()
    const next = await mine.submit({ model: 'queue-a', n: 2 })
    const between = await theirs.submit({ model: 'queue-a' })
    const last = await mine.submit({ model: 'queue-a' })
    const [pages, admin] = [await pagesOf(user), await newAdmin()]
    const queue = await pages.queue()
    expect(idsOf(queue.items)).toEqual([running, next, last])
    expect(queue).toMatchObject({ waiting: 4, running: 1, more: false })
    const places = (items: typeof queue.items) => items.map(({ queuePosition }) => queuePosition)
    const all = await admin.queue('all')
    expect(idsOf(all.items).toSorted()).toEqual([running, next, last, between].toSorted())
    expect(all.items[0]?.id).toBe(running)
    expect(places(all.items)).toEqual([null, ...places(all.items.slice(1)).toSorted()])
    const placeOf = new Map(all.items.map((item) => [item.id, item.queuePosition]))
    expect(places(queue.items)).toEqual(idsOf(queue.items).map((id) => placeOf.get(id)))
    expect((await pages.detail(next)).queuePosition).toBe(1)
    expect(queue.items[0]).toMatchObject({ status: 'running', providers: [expect.stringMatching(/^worker-/)] })

    await worker.finish(first)
    await mine.ended(running)
    expect(idsOf((await pages.queue()).items)).not.toContain(running)
    for (const id of [next, last]) await mine.cancel(id)
    await theirs.cancel(between)
    await worker.close()
    expect(await pages.queue()).toEqual({ items: [], waiting: 0, running: 0, more: false })
  })

  it('lists 200 and says that there are more', async () => {
    const { user, worker } = await handMade('queue-b')
    const pages = await pagesOf(user)
    const body = { model: 'queue-b', prompt: 'one of many', size: '32x32' }
    const batches = batchCalls(gateway, user)
    const batch = await batches.submit(
      Array.from({ length: 202 }, () => ({ endpoint: '/v1/images/generations', body }))
    )
    await worker.next()
    const queue = await pages.queue()
    expect(queue).toMatchObject({ more: true, waiting: 201, running: 1 })
    expect(queue.items).toHaveLength(200)
    expect(queue.items.map(({ queuePosition }) => queuePosition)).toEqual([
      null,
      ...Array.from({ length: 199 }, (_, index) => index + 1)
    ])
    await batches.cancel(batch.id)
    await worker.close()
  })

  it('refuses what it does not know', async () => {
    const pages = await pagesOf(await gateway.addUser())
    expect(await pages.refusal('/queue?limit=3')).toEqual([400, 'invalid_request', 'limit'])
  })
})

describe('filters', () => {
  it('are the models and providers one may use or has used', async () => {
    const { user, model, jobs, pages } = await newcomer()
    const closed = await fakes.add(await gateway.addUser(), { access: 'private' })
    const name = `agent of ${model.id}`
    const { models, providers, owners } = await pages.filters()
    expect(models).toContain(model.id)
    expect(providers).toContainEqual({ id: expect.stringMatching(/^prv_/), name })
    expect([models.includes(closed.id), providers.some((one) => one.name === `agent of ${closed.id}`)]).toEqual([
      false,
      false
    ])
    expect(owners).toEqual([])
    const admin = await newAdmin()
    const known = await admin.filters()
    expect([
      known.models.includes(closed.id),
      known.providers.some((one) => one.name === `agent of ${closed.id}`)
    ]).toEqual([true, true])
    expect(known.owners).toContainEqual({ id: user.id, name: user.email })

    await jobs.ended(await jobs.submit({ model: model.id }))
    const provider = providers.find((one) => one.name === name)?.id ?? ''
    expect((await pages.list({ provider })).items).toHaveLength(1)
  })
})
