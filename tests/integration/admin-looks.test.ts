import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSteadyClock } from '../../src/lib/clock.ts'
import { HOUR_MS } from '../../src/lib/durations.ts'
import type { Visibility } from '../../src/lib/visibility.ts'
import type { SessionInfo } from '../../src/http/dashboard/contract/session.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { openEvents } from '../support/dashboard-events.ts'
import { startHandWorker } from '../support/hand-worker.ts'
import { getJob, type ImagesAnswer, SMALL } from '../support/image-calls.ts'
import { listRows } from '../support/list-remains.ts'
import { plainPng } from '../support/pictures.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
/** How far the gateway's clock is ahead. */
let aheadMs = 0
let owner: TestUser & { cookie: string }
let member: TestUser & { cookie: string }
let admin: TestUser & { cookie: string }

beforeAll(async () => {
  const clock = createSteadyClock()
  gateway = await startTestGateway({ clock: { ...clock, now: () => clock.now() + aheadMs } })
  const add = async (options: Parameters<TestGateway['addUser']>[0] = {}) => {
    const user = await gateway.addUser(options)
    return { ...user, cookie: await gateway.signIn(user) }
  }
  owner = await add()
  member = await add()
  admin = await add({ role: 'admin' })
  await gateway.addAgent({ key: owner.key, services: [{}] })
})
afterAll(() => gateway.close())

const pathOf = (url: string): string => url.slice(gateway.url.length)

const pictureUrl = async (): Promise<string> =>
  `data:image/png;base64,${(await plainPng({ width: 48, height: 32 }, [1, 2, 3])).toString('base64')}`

/** An edit: where its image and its source are. */
async function makeEdit(visibility: Visibility) {
  const response = await gateway.call('/v1/images/edits', {
    key: owner.key,
    json: { ...SMALL, visibility, images: [{ image_url: await pictureUrl() }] }
  })
  expect(response.status).toBe(200)
  const { request_id: id, data } = (await response.json()) as ImagesAnswer
  const { inputs } = (await getJob(owner.client, id)) as unknown as { inputs: { url: string }[] }
  return { id, asset: `/api/inference/assets/${data[0]!.asset_id}/`, input: pathOf(inputs[0]!.url) }
}

type Made = Awaited<ReturnType<typeof makeEdit>>

const statusOf = async (path: string, init: Parameters<TestGateway['call']>[1]): Promise<number> => {
  const response = await gateway.call(path, init)
  const { status } = response
  if (status === 200 && path.endsWith('/events')) await response.body?.cancel()
  else await response.arrayBuffer()
  return status
}

const seenBy = async (id: string, reader: { cookie: string } = owner) =>
  (await callDashboard<{ seenBy: { name: string; times: number; id: string }[] }>(gateway, reader, `requests/${id}`))
    .body.seenBy

/** Everything by which an admin may look, as a path for a key or for a session. */
const WAYS: [name: string, look: (made: Made, of: typeof admin) => Promise<number>][] = [
  ['the job', ({ id }, { key }) => statusOf(`/v1/jobs/${id}`, { key })],
  ['its events', ({ id }, { key }) => statusOf(`/v1/jobs/${id}/events`, { key })],
  ['the page', ({ id }, { cookie }) => statusOf(`/api/dashboard/requests/${id}`, { headers: { cookie } })],
  ['a source', ({ input }, { key }) => statusOf(input, { key })],
  ['a source by session', ({ input }, { cookie }) => statusOf(input, { headers: { cookie } })],
  ['a thumbnail of a source', ({ input }, { key }) => statusOf(`${input}?width=16`, { key })],
  ['the head of a source', ({ input }, { key }) => statusOf(input, { key, method: 'HEAD' })]
]
const AS_MEMBER: typeof WAYS = [
  ['a private image', ({ asset }, { key }) => statusOf(asset, { key })],
  ['a thumbnail of it', ({ asset }, { key }) => statusOf(`${asset}?width=16`, { key })]
]
const LIST: (typeof WAYS)[number] = [
  'the list of everybody',
  (_made, { cookie }) => statusOf('/api/dashboard/requests?owner=all', { headers: { cookie } })
]

describe('a look of an admin', () => {
  it.each([...WAYS, ...AS_MEMBER, LIST])('at %s is told to the owner, and to nobody else', async (_name, look) => {
    const made = await makeEdit('PRIVATE')
    expect(await seenBy(made.id)).toEqual([])
    expect(await look(made, admin)).toBe(200)
    expect(await seenBy(made.id)).toMatchObject([{ id: admin.id, times: 1 }])
    expect(await seenBy(made.id, admin)).toEqual([])
  })

  it('counts once an hour, and goes with the request', async () => {
    const { id } = await makeEdit('UNLISTED')
    const look = () => statusOf(`/v1/jobs/${id}`, { key: admin.key })
    try {
      for (const ahead of [0, 0, HOUR_MS - 60_000, HOUR_MS + 1000, HOUR_MS + 2000]) {
        aheadMs = ahead
        expect(await look()).toBe(200)
      }
      expect(await seenBy(id)).toMatchObject([{ times: 2 }])
    } finally {
      aheadMs = 0
    }
    expect(await statusOf(`/v1/jobs/${id}`, { method: 'DELETE', key: owner.key })).toBe(200)
    expect(await listRows(gateway, id)).toEqual([])
  })

  it('at the queue of everybody is told of what has pictures, and one at their own is not', async () => {
    const services = [{ models: [{ id: 'by-hand', features: ['generate' as const, 'edit' as const] }] }]
    const worker = await startHandWorker(gateway, { key: owner.key, services })
    const submit = async (path: string, fields: object): Promise<string> => {
      const json = { ...SMALL, model: 'by-hand', async: true, ...fields }
      const response = await gateway.call(`/v1/images/${path}`, { key: owner.key, json })
      expect(response.status).toBe(202)
      return ((await response.json()) as { id: string }).id
    }
    const edit = await submit('edits', { visibility: 'PRIVATE', images: [{ image_url: await pictureUrl() }] })
    const words = await submit('generations', { visibility: 'PRIVATE' })
    const look = async (query: string) => {
      const { body } = await callDashboard<{ items: { id: string }[] }>(gateway, admin, `queue${query}`)
      return body.items.map(({ id }) => id)
    }
    try {
      expect(await look('')).toEqual([])
      expect(await seenBy(edit)).toEqual([])
      for (const query of ['?owner=all', `?owner=${owner.id}`]) {
        expect(await look(query)).toEqual(expect.arrayContaining([edit, words]))
        expect(await seenBy(edit)).toMatchObject([{ id: admin.id, times: 1 }])
      }
      expect(await seenBy(words)).toEqual([])
    } finally {
      for (const id of [edit, words]) await statusOf(`/v1/jobs/${id}/cancel`, { key: owner.key, method: 'POST' })
      await worker.close()
    }
  })

  it('at what happens to the requests of everybody is told, and one at what happens to their own is not', async () => {
    const own = await openEvents(gateway, { cookie: admin.cookie })
    const unseen = await makeEdit('PRIVATE')
    await own.close()
    expect(own.all('request')).toEqual([])
    expect(await seenBy(unseen.id)).toEqual([])
    const everybody = await openEvents(gateway, { cookie: admin.cookie, query: '?owner=all' })
    try {
      const { id } = await makeEdit('PRIVATE')
      await everybody.received('request', (request) => request.id === id)
      expect(await seenBy(id)).toMatchObject([{ id: admin.id, times: 1 }])
    } finally {
      await everybody.close()
    }
  })

  it('is none of the owner, of members, or of nobody', async () => {
    const { id, asset, input } = await makeEdit('PRIVATE')
    for (const { key } of [owner, member]) for (const path of [asset, input]) await statusOf(path, { key })
    await statusOf(asset, {})
    expect(await seenBy(id)).toEqual([])
  })
})

const seesOthers = async ({ cookie }: { cookie: string }): Promise<boolean> =>
  (await callDashboard<SessionInfo>(gateway, { cookie }, 'session')).body.seesOthers

describe('switched off for the club', () => {
  const set = (value: '0' | '1' | null) =>
    callDashboard(gateway, admin, 'settings', { method: 'PATCH', json: { adminsLook: value } })

  it.each(['UNLISTED', 'PRIVATE', 'SECRET'] as const)('admins are as any member to %s ones', async (visibility) => {
    const made = await makeEdit(visibility)
    expect((await set('0')).status).toBe(200)
    try {
      for (const [name, look] of WAYS) {
        expect([name, await look(made, admin)]).toEqual([name, await look(made, member)])
        expect([name, await look(made, admin)]).toEqual([name, 404])
        expect([name, await look(made, owner)]).toEqual([name, 200])
      }
      for (const [name, look] of AS_MEMBER) {
        expect([name, await look(made, admin)]).toEqual([name, await look(made, member)])
      }
      for (const path of ['requests', 'queue', 'events']) {
        expect((await callDashboard(gateway, admin, `${path}?owner=all`)).status).toBe(403)
        expect((await callDashboard(gateway, admin, `${path}?owner=${owner.id}`)).status).toBe(403)
      }
      const filters = await callDashboard<{ owners: unknown[] }>(gateway, admin, 'filters')
      expect(filters.body.owners).toEqual([])
      expect(await callDashboard(gateway, owner, 'account')).toMatchObject({ body: { adminsLook: false } })
    } finally {
      await set(null)
    }
    expect(await WAYS[0]![1](made, admin)).toBe(200)
  })

  it('pages are told by the session that they have nobody else to offer', async () => {
    const readers = [admin, member, { cookie: '' }]
    const all = () => Promise.all(readers.map(seesOthers))
    expect(await all()).toEqual([true, false, false])
    expect((await set('0')).status).toBe(200)
    try {
      expect(await all()).toEqual([false, false, false])
    } finally {
      await set(null)
    }
    expect(await all()).toEqual([true, false, false])
  })
})
