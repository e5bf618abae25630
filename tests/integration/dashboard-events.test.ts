import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { RequestSummary } from '../../src/http/dashboard/contract/requests.ts'
import { PREVIEW_LIMITS } from '../../src/images/make-preview.ts'
import { callJson } from '../support/call-json.ts'
import { type EventPage, openEvents } from '../support/dashboard-events.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { plainPng } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  const owner = await gateway.addUser()
  await gateway.addAgent({ key: owner.key, services: [{ concurrency: 2, options: { step_time: '80ms' } }] })
})

afterAll(() => gateway.close())

const pages: EventPage[] = []
afterEach(async () => {
  for (const page of pages.splice(0)) await page.close()
})

async function open(person: TestPerson, query = ''): Promise<EventPage> {
  const page = await openEvents(gateway, { cookie: person.cookie, query })
  pages.push(page)
  return page
}

const call = <T>(person: TestPerson, path: string, init: { method?: string; json?: unknown } = {}) =>
  callJson<T>(gateway, `/api/dashboard${path}`, { ...init, headers: { cookie: person.cookie } })

async function submit(person: TestPerson, fields: Record<string, unknown> = {}): Promise<string> {
  const json = { model: 'demo', prompt: 'a red fox', size: '256x256', steps: 6, async: true, ...fields }
  const { status, body } = await call<{ id: string }>(person, '/images/generations', { json })
  expect(status, JSON.stringify(body)).toBe(202)
  return body.id
}

const ended = (page: EventPage, id: string): Promise<RequestSummary> =>
  page.received('request', (request) => request.id === id && request.finishedAt !== null)

/** A model whose images nobody makes. */
async function unmade(model: string, concurrency = 1) {
  const { key } = await gateway.addUser()
  return startHandWorker(gateway, { key, services: [{ concurrency, models: [{ id: model, features: ['generate'] }] }] })
}

describe('the events of the dashboard', () => {
  it('tell of a request from its beginning to its images, with what can be seen of them meanwhile', async () => {
    const person = await gateway.addPerson({ name: 'Ada Lovelace' })
    const page = await open(person)
    expect(page.seen[0]).toEqual({ event: 'hello', data: { now: expect.any(Number) as unknown } })
    const id = await submit(person, { n: 2, seed: 7 })
    const done = await ended(page, id)
    const { body } = await call<RequestSummary>(person, `/requests/${id}`)
    expect(done).toEqual({
      id,
      kind: 'generation',
      status: 'succeeded',
      visibility: 'UNLISTED',
      expiresAt: null,
      expiresIn: null,
      pinned: false,
      takenDown: null,
      model: 'demo',
      prompt: 'a red fox',
      n: 2,
      owner: { id: person.id, name: 'Ada Lovelace' },
      createdAt: expect.any(Number) as unknown,
      startedAt: expect.any(Number) as unknown,
      finishedAt: expect.any(Number) as unknown,
      images: body.images,
      inputs: [],
      mask: null,
      progress: 100,
      size: { width: 256, height: 256 },
      queuePosition: null,
      etaSeconds: null,
      etaToldAt: null,
      isOverdue: false,
      wait: null,
      making: [],
      providers: body.providers,
      error: null
    })
    expect(done.images.map(({ position, width }) => [position, width])).toEqual([
      [0, 256],
      [1, 256]
    ])
    const first = page.all('request').find((request) => request.id === id)
    expect(first?.finishedAt).toBeNull()

    for (const image of [0, 1]) {
      const steps = page.all('progress').filter((progress) => progress.requestId === id && progress.image === image)
      expect(steps.length).toBeGreaterThan(0)
      expect(steps.every(({ step, steps: all }) => step >= 0 && step <= all && all === 6)).toBe(true)
    }
    const preview = page.all('preview').find(({ requestId }) => requestId === id)
    expect(preview).toMatchObject({ image: expect.any(Number) as unknown, mediaType: 'image/jpeg' })
    expect(Buffer.from(preview!.b64, 'base64').subarray(0, 2).toString('hex')).toBe('ffd8')
    expect(page.all('queue').length).toBeGreaterThan(0)
  })

  it('begin with the last preview of each image that is being made, for who may see it', async () => {
    const [person, other, admin] = [
      await gateway.addPerson(),
      await gateway.addPerson(),
      await gateway.addPerson({ role: 'admin' })
    ]
    const worker = await unmade('looked-at', 2)
    const id = await submit(person, { model: 'looked-at', n: 2 })
    const attempts = [await worker.next(), await worker.next()]
    const shown = await Promise.all([1, 2, 3].map((shade) => plainPng({ width: 8, height: 8 }, [shade, shade, shade])))
    // One group of base64 past what anybody is shown.
    const heavy = Buffer.concat([shown[0]!, Buffer.alloc(PREVIEW_LIMITS.maxBytes + 3 - shown[0]!.length)])
    const first = await open(person)
    for (const [index, { attempt_id }] of attempts.entries()) {
      for (const image of [shown[0]!, shown[index + 1]!, heavy]) {
        const b64_json = image.toString('base64')
        worker.agent.send({ type: 'attempt.preview', attempt_id, media_type: 'image/png', b64_json })
      }
      worker.agent.send({ type: 'attempt.progress', attempt_id, step: 7, steps: 9 })
    }
    await waitFor(() => first.all('progress').length === 2)

    const previews = (page: EventPage) =>
      page
        .all('preview')
        .filter(({ requestId }) => requestId === id)
        .map(({ b64 }) => b64)
        .toSorted()
    const last = shown.slice(1).map((image) => image.toString('base64'))
    const again = await open(person)
    const byAdmin = await open(admin, '?owner=all')
    for (const page of [again, byAdmin]) {
      await page.received('preview')
      await waitFor(() => page.all('progress').filter(({ requestId }) => requestId === id).length === 2)
      await waitFor(() => previews(page).length === 2)
      expect(previews(page)).toEqual(last.toSorted())
    }
    const stranger = await open(other)
    await submit(other)
    await stranger.received('request', ({ finishedAt }) => finishedAt !== null)
    expect(previews(stranger)).toEqual([])

    for (const attempt of attempts) await worker.finish(attempt)
    await ended(again, id)
    const afterwards = await open(person)
    await submit(person)
    await afterwards.received('request', ({ finishedAt }) => finishedAt !== null)
    expect(previews(afterwards)).toEqual([])
    await worker.close()
  })

  it('tell of waiting, cancel and deletion', async () => {
    const person = await gateway.addPerson()
    const worker = await unmade('waited-for')
    const page = await open(person)
    await submit(person, { model: 'waited-for' })
    await worker.next()
    const id = await submit(person, { model: 'waited-for' })
    expect(await page.received('request', (request) => request.id === id)).toMatchObject({
      status: 'queued',
      queuePosition: 1
    })
    await call(person, `/jobs/${id}/cancel`, { method: 'POST' })
    expect(await ended(page, id)).toMatchObject({ status: 'canceled', queuePosition: null, error: null })
    await call(person, `/jobs/${id}`, { method: 'DELETE' })
    expect(await page.received('removed')).toEqual({ id })
    await worker.close()
  })

  it('are the same in two tabs', async () => {
    const person = await gateway.addPerson()
    const tabs = [await open(person), await open(person)]
    const id = await submit(person)
    const [one, two] = await Promise.all(tabs.map((tab) => ended(tab, id)))
    expect(two).toEqual(one)
  })

  it('tell members of nobody else, and admins of everybody who asks for it', async () => {
    const [member, other, admin] = [
      await gateway.addPerson(),
      await gateway.addPerson(),
      await gateway.addPerson({ role: 'admin' })
    ]
    const [mine, all, theirs, own] = [
      await open(member),
      await open(admin, '?owner=all'),
      await open(admin, `?owner=${other.id}`),
      await open(admin)
    ]
    const [id, otherId] = [await submit(member), await submit(other)]
    for (const page of [mine, all]) await ended(page, id)
    for (const page of [theirs, all]) await ended(page, otherId)
    const ids = (page: EventPage) => new Set(page.all('request').map((request) => request.id))
    expect([ids(mine), ids(theirs), ids(own)]).toEqual([new Set([id]), new Set([otherId]), new Set()])
    for (const page of [mine, theirs, own]) {
      const told = new Set([...page.all('progress'), ...page.all('preview')].map(({ requestId }) => requestId))
      expect([...told].every((requestId) => ids(page).has(requestId))).toBe(true)
    }
    expect(all.all('request').find((request) => request.id === otherId)?.owner.name).toBe(other.name)
  })

  it('keep a quiet connection open with comments', async () => {
    const { requestViews } = gateway.gateway.context
    const { watchAll } = requestViews
    requestViews.watchAll = (watch) => watchAll({ ...watch, quietMs: 20 })
    const leaving = new AbortController()
    try {
      const { cookie } = await gateway.addPerson()
      const response = await gateway.call('/api/dashboard/events', { headers: { cookie }, signal: leaving.signal })
      let text = ''
      for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
        text += part
        if (text.split(': heartbeat\n\n').length > 3) break
      }
      expect(text).toMatch(/^event: hello\ndata: \{"now":\d+\}\n\n/)
    } finally {
      requestViews.watchAll = watchAll
      leaving.abort()
    }
  })
})

describe('refused are', () => {
  const refusal = async (path: string, init: Parameters<TestGateway['call']>[1]) => {
    const response = await gateway.call(path, init)
    const { code, param } = await readError(response)
    return { status: response.status, code, param }
  }

  it('those who are not signed in, with a key or without', async () => {
    const { key } = await gateway.addUser()
    const answer = { status: 401, code: 'not_signed_in', param: null }
    expect(await refusal('/api/dashboard/events', {})).toEqual(answer)
    expect(await refusal('/api/dashboard/events', { key })).toEqual(answer)
  })

  it('members who ask for others', async () => {
    const { cookie } = await gateway.addPerson()
    const { id } = await gateway.addPerson()
    for (const owner of ['all', id]) {
      expect(await refusal(`/api/dashboard/events?owner=${owner}`, { headers: { cookie } })).toMatchObject({
        status: 403,
        code: 'permission_denied'
      })
    }
  })

  it('unknown parameters, and other methods', async () => {
    const { cookie } = await gateway.addPerson()
    expect(await refusal('/api/dashboard/events?whose=all', { headers: { cookie } })).toMatchObject({
      status: 400,
      param: 'whose'
    })
    expect(await refusal('/api/dashboard/events', { method: 'POST', headers: { cookie } })).toMatchObject({
      status: 405
    })
    const head = await gateway.call('/api/dashboard/events', { method: 'HEAD', headers: { cookie } })
    expect(head.status).toBe(405)
  })
})

describe('a stream ends', () => {
  it('with nothing left behind when its tab is closed', async () => {
    const { database, live } = gateway.gateway.context
    let listening = 0
    const counted =
      <A extends unknown[]>(join: (...args: A) => () => void) =>
      (...args: A) => {
        const stop = join(...args)
        listening += 1
        return () => {
          listening -= 1
          stop()
        }
      }
    const { on } = database.bell
    const { subscribeAll } = live
    try {
      database.bell.on = counted(on)
      live.subscribeAll = counted(subscribeAll)
      const person = await gateway.addPerson()
      const tabs = await Promise.all(Array.from({ length: 10 }, () => open(person)))
      // Each tab hears what happens inside images, and to rights; the bell is heard once for all of them, and once for
      // the totals.
      expect(listening).toBe(2 * 10 + 2)
      for (const tab of tabs.slice(1)) await tab.close()
      await waitFor(() => listening === 2 * 1 + 2)
      await tabs[0]!.close()
      await waitFor(() => listening === 0)
    } finally {
      database.bell.on = on
      live.subscribeAll = subscribeAll
    }
  })

  it('when its reader is shut out, signed out, or an admin no more', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const { people, database } = gateway.gateway.context
      const [disabled, signedOut, demoted, staying] = [
        await gateway.addPerson(),
        await gateway.addPerson(),
        await gateway.addPerson({ role: 'admin' }),
        await gateway.addPerson()
      ]
      const shut = [await open(disabled), await open(signedOut), await open(demoted, '?owner=all')]
      const kept = [await open(staying), await open(demoted)]
      await people.change({ userId: disabled.id, by: null, change: { disabled: true } })
      await database.db.deleteFrom('sessions').where('user_id', '=', signedOut.id).execute()
      await database.db.updateTable('users').set({ role: 'member' }).where('id', '=', demoted.id).execute()
      vi.advanceTimersByTime(30_000)
      for (const page of shut) await page.ended
      const ids = [await submit(staying), await submit(demoted)]
      for (const [index, page] of kept.entries()) await ended(page, ids[index]!)
    } finally {
      vi.useRealTimers()
    }
  })

  it('when the server stops', async () => {
    const stopped = await startTestGateway()
    const { cookie } = await stopped.addPerson()
    const tabs = [await openEvents(stopped, { cookie }), await openEvents(stopped, { cookie })]
    await stopped.close()
    for (const tab of tabs) await tab.ended
  })
})
