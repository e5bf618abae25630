import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSteadyClock } from '../../src/lib/clock.ts'
import { VISIBILITIES, type Visibility } from '../../src/lib/visibility.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { generate, getJob, type ImagesAnswer, SMALL } from '../support/image-calls.ts'
import { type JobEvent, readJobEvents } from '../support/job-events.ts'
import { leftHalfTransparent, plainPng } from '../support/pictures.ts'
import { readError } from '../support/read-error.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

const DAY_MS = 86_400_000
const SIZE = { width: 48, height: 32 }

let gateway: TestGateway
/** How far the gateway's clock is ahead. */
let aheadMs = 0
let owner: TestUser
let member: TestUser
let admin: TestUser
let headersOf: Record<Reader, { key?: string; cookie?: string }>

beforeAll(async () => {
  const clock = createSteadyClock()
  gateway = await startTestGateway({
    clock: { ...clock, now: () => clock.now() + aheadMs },
    env: { INFERENCE_CLUB_IMAGE_LINK_LIFETIME: '7d', INFERENCE_CLUB_LIMITS_WRONG_KEYS_PER_MINUTE: '100000' }
  })
  owner = await gateway.addUser()
  member = await gateway.addUser()
  admin = await gateway.addUser({ role: 'admin' })
  const features = ['generate', 'edit', 'mask', 'variation', 'seed'] as const
  await gateway.addAgent({
    key: admin.key,
    services: [{ concurrency: 4, models: [{ id: 'demo', servedAs: 'demo', features: [...features] }] }]
  })
  const revoked = await gateway.addKey(owner)
  await gateway.gateway.context.apiKeys.revoke(revoked.keyId)
  const disabled = await gateway.addUser()
  await gateway.gateway.context.people.change({ userId: disabled.id, by: null, change: { disabled: true } })
  headersOf = {
    nobody: {},
    member: { key: member.key },
    admin: { key: admin.key },
    owner: { key: owner.key },
    'revoked key': { key: revoked.key },
    'disabled person': { key: disabled.key },
    'owner by session': { cookie: await gateway.signIn(owner) }
  }
})
afterAll(() => gateway.close())

interface Share {
  id: string
  page_url: string
  urls: string[]
  expires_at: number | null
}

const pathOf = (url: string): string => url.slice(gateway.url.length)
const dataUrl = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`

/** An edit, with a mask, of that visibility: the paths of all that it has stored. */
async function makeEdit(user: Pick<TestUser, 'key' | 'client'>, visibility: Visibility | undefined) {
  const response = await gateway.call('/v1/images/edits', {
    key: user.key,
    json: {
      ...SMALL,
      visibility,
      images: [{ image_url: dataUrl(await plainPng(SIZE, [1, 2, 3])) }],
      mask: { image_url: dataUrl(await leftHalfTransparent(SIZE)) }
    }
  })
  expect(response.status).toBe(200)
  const answer = (await response.json()) as ImagesAnswer
  const job = (await getJob(user.client, answer.request_id)) as unknown as {
    inputs: { kind: string; url: string }[]
    visibility: Visibility
  }
  const asset = `/api/inference/assets/${answer.data[0]!.asset_id}/`
  const inputs = Object.fromEntries(job.inputs.map(({ kind, url }) => [kind, pathOf(url)]))
  return { id: answer.request_id, visibility: job.visibility, url: pathOf(answer.data[0]!.url), asset, inputs }
}

async function share(user: Pick<TestUser, 'key'>, id: string, body: object = {}): Promise<Share> {
  const response = await gateway.call(`/v1/jobs/${id}/shares`, { key: user.key, json: body })
  expect(response.status).toBe(201)
  return (await response.json()) as Share
}

const change = (user: Pick<TestUser, 'key'>, id: string, visibility: unknown) =>
  gateway.call(`/v1/jobs/${id}`, { method: 'PATCH', key: user.key, json: { visibility } })

async function statusOf(path: string, init: { key?: string; cookie?: string } = {}): Promise<number> {
  const { key, cookie } = init
  const response = await gateway.call(path, {
    ...(key !== undefined && { key }),
    ...(cookie !== undefined && { headers: { cookie } })
  })
  await response.arrayBuffer()
  return response.status
}

const ROUTES = [
  'asset',
  'thumbnail',
  'input',
  'mask',
  'signed',
  'signed thumbnail',
  'share',
  'share thumbnail'
] as const
type Route = (typeof ROUTES)[number]

const READERS = ['nobody', 'member', 'admin', 'owner', 'revoked key', 'disabled person', 'owner by session'] as const
type Reader = (typeof READERS)[number]

/** Who gets the bytes of which route, by visibility. A key that counts no more is answered 401, whatever there is. */
function expectedStatus(route: Route, reader: Reader, visibility: Visibility): number {
  const isLink = route.startsWith('signed') || route.startsWith('share')
  const isOpen = visibility === 'PUBLIC' || visibility === 'UNLISTED'
  const isInput = route === 'input' || route === 'mask'
  if (isLink || (isOpen && !isInput)) return 200
  if (reader === 'revoked key' || reader === 'disabled person') return 401
  if (reader === 'owner' || reader === 'owner by session') return 200
  if (isInput) return reader === 'admin' ? 200 : 404
  return visibility === 'PRIVATE' && reader !== 'nobody' ? 200 : 404
}

/** All ways to what an edit has stored, with a link that is signed and one that is shared. */
async function pathsOf({
  id,
  url,
  asset,
  inputs
}: Awaited<ReturnType<typeof makeEdit>>): Promise<Record<Route, string>> {
  const shared = pathOf((await share(owner, id)).urls[0]!)
  return {
    asset,
    thumbnail: `${asset}?width=16`,
    input: inputs.input!,
    mask: inputs.mask!,
    signed: url,
    'signed thumbnail': `${url}${url.includes('?') ? '&' : '?'}width=16`,
    share: shared,
    'share thumbnail': `${shared}&width=16`
  }
}

const CELLS = ROUTES.flatMap((route) => READERS.map((reader) => [route, reader] as const))

describe.each(VISIBILITIES)('%s', (visibility) => {
  let made: Awaited<ReturnType<typeof makeEdit>>
  let paths: Record<Route, string>

  beforeAll(async () => {
    made = await makeEdit(owner, visibility)
    paths = await pathsOf(made)
  })

  it.each(CELLS)('%s for %s', async (route, reader) => {
    expect(await statusOf(paths[route], headersOf[reader])).toBe(expectedStatus(route, reader, visibility))
  })

  it('is told by the job, and signed links are given where they are needed', async () => {
    expect(made.visibility).toBe(visibility)
    const isOpen = visibility === 'PUBLIC' || visibility === 'UNLISTED'
    expect(made.url).toMatch(isOpen ? /\/$/ : /\?expires=\d+&signature=[\w-]{43}$/)
    for (const url of Object.values(made.inputs)) expect(url).not.toContain('signature')
  })

  it('is cached by everybody, by readers alone, or by nobody', async () => {
    const { headers } = await gateway.call(made.url)
    const wanted = {
      PUBLIC: /^public/,
      UNLISTED: /^public/,
      PRIVATE: /^private, no-cache$/,
      SECRET: /^private, no-store$/
    }
    expect(headers.get('cache-control')).toMatch(wanted[visibility])
    const again = await gateway.call(`${made.url}`, { headers: { 'if-none-match': headers.get('etag') ?? '' } })
    expect(again.status).toBe(304)
    expect(again.headers.get('cache-control')).toMatch(wanted[visibility])
  })

  it('may be the source of an edit of those who may see it, and of nobody else', async () => {
    const send = (key: string) =>
      gateway.call('/v1/images/edits', { key, json: { ...SMALL, images: [{ file_id: made.asset.split('/').at(-2) }] } })
    expect((await send(owner.key)).status).toBe(200)
    const others = await send(member.key)
    expect(others.status).toBe(visibility === 'SECRET' ? 404 : 200)
  })
})

describe('an image that is not for the reader', () => {
  it('looks like one that never was, whatever is sent along', async () => {
    const { asset, inputs } = await makeEdit(owner, 'SECRET')
    const unknown = '/api/inference/assets/ast_0000000000000000000000000/'
    const queries = [
      '',
      '?width=16',
      '?format=webp',
      '?expires=9999999999&signature=abc',
      '?share=sh_x',
      '?expires=1&signature='
    ]
    for (const query of queries) {
      for (const key of [undefined, member.key, `ic_${'x'.repeat(40)}`]) {
        const answers = []
        for (const path of [unknown, asset, inputs.input!, inputs.mask!]) {
          const response = await gateway.call(path + query, { ...(key !== undefined && { key }) })
          const { 'x-request-id': _, date: __, ...headers } = Object.fromEntries(response.headers)
          answers.push({ status: response.status, headers, body: await response.text() })
        }
        expect([401, 404]).toContain(answers[0]!.status)
        for (const answer of answers) expect(answer).toEqual(answers[0])
      }
    }
  })
})

describe('a signed link', () => {
  it('is good for its image, its visibility and its time alone', async () => {
    const { id, url, asset } = await makeEdit(owner, 'SECRET')
    const other = await makeEdit(owner, 'SECRET')
    const query = new URL(url, gateway.url).searchParams
    const [expires, signature] = [Number(query.get('expires')), query.get('signature') ?? '']
    const forged = [
      `${other.asset}?expires=${expires}&signature=${signature}`,
      `${asset}?expires=${expires + 1}&signature=${signature}`,
      `${asset}?expires=0${expires}&signature=${signature}`,
      `${asset}?expires=${expires}&signature=${signature.slice(0, -1)}`,
      `${asset}?expires=${expires}&signature=${signature}A`,
      `${asset}?expires=${expires}&signature=${signature.toLowerCase()}`,
      `${asset}?signature=${signature}`,
      `${asset}?expires=${expires}`
    ]
    for (const path of forged) expect(await statusOf(path), path).toBe(404)
    expect(await statusOf(url)).toBe(200)
    for (const visibility of ['PRIVATE', 'SECRET'] as const) {
      expect((await change(owner, id, visibility)).status).toBe(200)
      // Going back makes it good again: it is over what the image is, not over when that was said.
      expect(await statusOf(url)).toBe(visibility === 'SECRET' ? 200 : 404)
    }
  })

  it('is the same for a while, ends, and holds no key', async () => {
    const { id, url } = await makeEdit(owner, 'PRIVATE')
    expect(url).not.toContain(owner.key)
    const expires = Number(new URL(url, gateway.url).searchParams.get('expires'))
    try {
      aheadMs = expires * 1000 - Date.now() - 2000
      expect(await statusOf(url)).toBe(200)
      aheadMs += 2100
      expect(await statusOf(url)).toBe(404)
      const later = (await getJob(owner.client, id)) as unknown as { result_url: string }
      expect(await statusOf(pathOf(later.result_url))).toBe(200)
    } finally {
      aheadMs = 0
    }
    // By a clock that was set back it would last longer than any.
    try {
      aheadMs = -30 * DAY_MS
      expect(await statusOf(url)).toBe(404)
    } finally {
      aheadMs = 0
    }
  })

  it('is given to readers who may see the image, and not to admins who may not', async () => {
    for (const [visibility, isSigned] of [
      ['PRIVATE', true],
      ['SECRET', false]
    ] as const) {
      const { id } = await makeEdit(owner, visibility)
      const job = (await getJob(admin.client, id)) as unknown as { result_url: string }
      expect(job.result_url.includes('signature')).toBe(isSigned)
    }
  })
})

describe('a share link', () => {
  it('ends when it is revoked, or its time is over', async () => {
    const { id } = await makeEdit(owner, 'SECRET')
    const [forever, hour] = [await share(owner, id), await share(owner, id, { expires_in: 3600 })]
    expect(forever.expires_at).toBeNull()
    const [first, second] = [pathOf(forever.urls[0]!), pathOf(hour.urls[0]!)]
    try {
      aheadMs = 3_598_000
      expect(await statusOf(second)).toBe(200)
      aheadMs = 3_601_000
      expect(await statusOf(second)).toBe(404)
    } finally {
      aheadMs = 0
    }
    expect(await statusOf(first)).toBe(200)
    const revoke = (key: string, of = id) =>
      gateway.call(`/v1/jobs/${of}/shares/${forever.id}`, { method: 'DELETE', key })
    for (const { key } of [member, admin]) expect((await revoke(key)).status).toBe(404)
    const other = await makeEdit(owner, 'SECRET')
    expect((await revoke(owner.key, other.id)).status).toBe(404)
    expect(await statusOf(first)).toBe(200)
    expect((await revoke(owner.key)).status).toBe(200)
    expect(await statusOf(first)).toBe(404)
    expect((await revoke(owner.key)).status).toBe(404)
  })

  it('has a page with all of its images, which needs no account and holds nothing else', async () => {
    const prompt = 'a secret <b>garden</b>'
    const { request_id: id } = await generate(owner.client, { n: 3, visibility: 'SECRET', prompt })
    const { page_url, urls, id: share_id } = await share(owner, id)
    const page = pathOf(page_url)
    const response = await gateway.call(page)
    expect(response.status).toBe(200)
    expect(response.headers.get('x-robots-tag')).toContain('noindex')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(response.headers.get('cache-control')).toContain('no-store')
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; img-src /)
    const html = await response.text()
    expect(html).not.toMatch(/script|garden|onload/i)
    const links = [...html.matchAll(/<a href="([^"]+)"><img src="([^"]+)"/g)].map(([, whole = '', shown = '']) => [
      whole,
      shown
    ])
    expect(links.map(([whole]) => whole)).toEqual(urls.map(pathOf))
    for (const path of links.flat()) expect(await statusOf(path.replaceAll('&amp;', '&'))).toBe(200)

    const other = await makeEdit(owner, 'SECRET')
    const token = new URL(page_url).search
    for (const path of [
      `/share/${other.id}${token}`,
      `/share/${id}`,
      `/share/${id}?share=sh_x`,
      `/share/${id}?share="><b>`
    ]) {
      const refused = await gateway.call(path)
      expect(refused.status).toBe(404)
      expect(refused.headers.get('content-type')).toContain('text/html')
      const text = await refused.text()
      expect(text).toContain('leads to no pictures')
      expect(text).not.toMatch(/share=|<b>/)
    }
    await gateway.call(`/v1/jobs/${id}/shares/${share_id}`, { method: 'DELETE', key: owner.key })
    expect(await statusOf(page)).toBe(404)
  })

  it('is for the images of its request, not for its inputs, nor for others', async () => {
    const [one, two] = [await makeEdit(owner, 'SECRET'), await makeEdit(owner, 'SECRET')]
    const { search } = new URL((await share(owner, one.id)).urls[0]!)
    expect(await statusOf(one.asset + search)).toBe(200)
    for (const path of [two.asset, one.inputs.input!, one.inputs.mask!]) expect(await statusOf(path + search)).toBe(404)
  })

  it('is made by the owner alone, so many at once, and listed', async () => {
    const { id } = await makeEdit(owner, 'PRIVATE')
    for (const { key } of [member, admin]) {
      expect((await gateway.call(`/v1/jobs/${id}/shares`, { key, json: {} })).status).toBe(404)
      expect((await gateway.call(`/v1/jobs/${id}/shares`, { key })).status).toBe(404)
    }
    const ids = []
    for (let made = 0; made < 20; made += 1) ids.push((await share(owner, id)).id)
    const refused = await gateway.call(`/v1/jobs/${id}/shares`, { key: owner.key, json: {} })
    expect(refused.status).toBe(409)
    const list = (await (await gateway.call(`/v1/jobs/${id}/shares`, { key: owner.key })).json()) as { data: Share[] }
    expect(list.data.map((one) => one.id).sort()).toEqual(ids.sort())
    await gateway.call(`/v1/jobs/${id}/shares/${ids[0]}`, { method: 'DELETE', key: owner.key })
    await share(owner, id)
  })

  it.each([0, -1, 1.5, 'soon', 10 * 365 * 86_400 + 1])('of expires_in %j is refused', async (expires_in) => {
    const { request_id: id } = await generate(owner.client)
    const response = await gateway.call(`/v1/jobs/${id}/shares`, { key: owner.key, json: { expires_in } })
    expect(response.status).toBe(400)
    expect(await readError(response)).toMatchObject({ param: 'expires_in' })
  })

  it.each([1, 10 * 365 * 86_400])('may be of expires_in %d', async (expires_in) => {
    const { request_id: id } = await generate(owner.client)
    expect((await share(owner, id, { expires_in })).expires_at).toBeGreaterThan(0)
  })
})

describe('a link that has ended', () => {
  it('is no more than the path without it, whoever follows it', async () => {
    const { id, url } = await makeEdit(owner, 'SECRET')
    const shared = pathOf((await share(owner, id, { expires_in: 3600 })).urls[0]!)
    const wanted = { nobody: 404, member: 404, admin: 404, owner: 200, 'revoked key': 401, 'disabled person': 401 }
    try {
      aheadMs = 8 * DAY_MS
      for (const path of [url, `${url}&width=16`, shared, `${shared}&width=16`]) {
        for (const [reader, status] of Object.entries(wanted)) {
          expect(await statusOf(path, headersOf[reader as Reader]), `${path} for ${reader}`).toBe(status)
        }
      }
    } finally {
      aheadMs = 0
    }
  })
})

describe('links of somebody who was shut out', () => {
  it('end with them, and are good again when they are back', async () => {
    const friend = await gateway.addUser()
    const { id, url } = await makeEdit(friend, 'PRIVATE')
    const shared = pathOf((await share(friend, id)).urls[0]!)
    const { people } = gateway.gateway.context
    await people.change({ userId: friend.id, by: null, change: { disabled: true } })
    expect([await statusOf(url), await statusOf(shared)]).toEqual([404, 404])
    await people.change({ userId: friend.id, by: null, change: { disabled: false } })
    expect([await statusOf(url), await statusOf(shared)]).toEqual([200, 200])
  })
})

describe('a change', () => {
  it('counts from the next fetch on, for thumbnails too', async () => {
    const { id, asset } = await makeEdit(owner, undefined)
    const paths = [asset, `${asset}?width=16`, `${asset}?format=webp`]
    const statuses = async (key?: string) => {
      const all = []
      for (const path of paths) all.push(await statusOf(path, { ...(key !== undefined && { key }) }))
      return [...new Set(all)]
    }
    expect(await statuses()).toEqual([200])
    for (const [visibility, strangers, members] of [
      ['SECRET', 404, 404],
      ['PRIVATE', 404, 200],
      ['PUBLIC', 200, 200]
    ] as const) {
      const changed = await change(owner, id, visibility)
      expect(await changed.json()).toMatchObject({ id, visibility })
      expect([await statuses(), await statuses(member.key)]).toEqual([[strangers], [members]])
    }
  })

  it('is the owner’s alone', async () => {
    const { id, asset } = await makeEdit(owner, 'SECRET')
    for (const user of [member, admin]) expect((await change(user, id, 'PUBLIC')).status).toBe(404)
    expect(await statusOf(asset)).toBe(404)
  })

  it.each(['HIDDEN', 'public', 7, ['PUBLIC']])('that a call says as %j is refused by name', async (visibility) => {
    const json = { ...SMALL, visibility }
    const response = await gateway.call('/v1/images/generations', { key: owner.key, json })
    expect(response.status).toBe(400)
    expect(await readError(response)).toMatchObject({ code: 'invalid_request', param: 'visibility' })
  })

  it.each(['HIDDEN', '', null, 7, ['PUBLIC']])('to %j is refused by name', async (visibility) => {
    const { request_id: id } = await generate(owner.client)
    const response = await change(owner, id, visibility)
    expect(response.status).toBe(400)
    expect(await readError(response)).toMatchObject({ code: 'invalid_request', param: 'visibility' })
  })
})

describe('after a deletion', () => {
  it('nothing is left for anybody, by whichever link', async () => {
    const { id, url, asset, inputs } = await makeEdit(owner, 'PRIVATE')
    const shared = pathOf((await share(owner, id)).urls[0]!)
    const paths = [
      url,
      asset,
      `${asset}?width=16`,
      `${url}&width=16`,
      inputs.input!,
      inputs.mask!,
      shared,
      `${shared}&width=16`
    ]
    for (const path of paths) expect(await statusOf(path, { key: owner.key })).toBe(200)
    expect((await gateway.call(`/v1/jobs/${id}`, { method: 'DELETE', key: owner.key })).status).toBe(200)
    for (const path of paths) for (const { key } of [owner, admin]) expect(await statusOf(path, { key })).toBe(404)
    for (const path of paths) expect(await statusOf(path)).toBe(404)
    const rows = await gateway.database.db.selectFrom('share_links').select('id').where('request_id', '=', id).execute()
    expect(rows).toEqual([])
  })
})

/** What may become of a private edit, and who gets any of it by any of its old paths then. */
const AFTERWARDS: [string, (id: string) => Promise<unknown>, readonly Reader[]][] = [
  [
    'taken down',
    async (id) => {
      expect((await change(owner, id, 'PUBLIC')).status).toBe(200)
      const by = { cookie: await gateway.signIn(admin) }
      const json = { reason: 'rights' }
      expect((await callDashboard(gateway, by, `reports/${id}/take-down`, { method: 'POST', json })).status).toBe(200)
    },
    ['owner', 'owner by session', 'admin']
  ],
  [
    'deleted',
    async (id) => expect((await gateway.call(`/v1/jobs/${id}`, { method: 'DELETE', key: owner.key })).status).toBe(200),
    []
  ]
]

describe.each(AFTERWARDS)('an edit that was %s', (_what, become, readers) => {
  let paths: Record<Route, string>
  beforeAll(async () => {
    const made = await makeEdit(owner, 'PRIVATE')
    paths = await pathsOf(made)
    for (const path of Object.values(paths)) expect(await statusOf(path, headersOf.owner)).toBe(200)
    await become(made.id)
  })

  it.each(CELLS)('%s for %s', async (route, reader) => {
    const refusal = reader === 'revoked key' || reader === 'disabled person' ? 401 : 404
    expect(await statusOf(paths[route], headersOf[reader])).toBe(readers.includes(reader) ? 200 : refusal)
  })
})

describe('an edit that was private and is secret', () => {
  let paths: Record<Route, string>
  beforeAll(async () => {
    const made = await makeEdit(owner, 'PRIVATE')
    paths = await pathsOf(made)
    expect((await change(owner, made.id, 'SECRET')).status).toBe(200)
  })

  it.each(CELLS)('%s for %s', async (route, reader) => {
    // The signature is over what it was: the path is that of the image without it. Who holds a share link keeps it.
    const as = route === 'signed' ? 'asset' : route === 'signed thumbnail' ? 'thumbnail' : route
    expect(await statusOf(paths[route], headersOf[reader])).toBe(expectedStatus(as, reader, 'SECRET'))
  })
})

describe('without a word in the call', () => {
  it('it is as the key says, else as its owner does, else UNLISTED', async () => {
    const user = await gateway.addUser()
    const made = async (of: Pick<TestUser, 'key' | 'client'>, visibility?: Visibility) =>
      (await makeEdit(of, visibility)).visibility
    expect(await made(user)).toBe('UNLISTED')
    const cookie = await gateway.signIn(user)
    const account = (visibility: unknown) =>
      callDashboard(gateway, { cookie }, 'account', { method: 'PATCH', json: { visibility } })
    expect(await account('SECRET')).toMatchObject({ status: 200, body: { visibility: 'SECRET' } })
    expect(await account('HIDDEN')).toMatchObject({ status: 400 })
    expect(await made(user)).toBe('SECRET')
    const ofKey = await gateway.addKey(user, { visibilityDefault: 'PRIVATE' })
    expect(await made(ofKey)).toBe('PRIVATE')
    expect(await made(ofKey, 'PUBLIC')).toBe('PUBLIC')
    const accepted = await callDashboard<{ id: string }>(gateway, { cookie }, 'images/generations', {
      json: { ...SMALL, async: true }
    })
    expect(await getJob(user.client, accepted.body.id)).toMatchObject({ visibility: 'SECRET' })
    expect(await account(null)).toMatchObject({ status: 200, body: { visibility: null } })
    expect(await made(user)).toBe('UNLISTED')
  })
})

describe('while a secret image is made', () => {
  it('its previews, and in the end its link, go to its owner and not to admins who watch', async () => {
    const slow = { name: 'slow', models: [{ id: 'slow', servedAs: 'slow', features: ['generate' as const] }] }
    await gateway.addAgent({ key: owner.key, services: [{ ...slow, options: { step_time: '40ms' } }] })
    const json = { ...SMALL, model: 'slow', size: '256x256', steps: 30, visibility: 'SECRET', async: true }
    const accepted = await gateway.call('/v1/images/generations', { key: owner.key, json })
    const { id } = (await accepted.json()) as { id: string }
    const [own, theirs] = await Promise.all(
      [owner, admin].map(({ key }) => collect(readJobEvents(gateway, { id, key })))
    )
    const named = (events: JobEvent[] | undefined, name: string) => events?.filter(({ event }) => event === name) ?? []
    expect(named(own, 'preview').length).toBeGreaterThan(0)
    expect(named(theirs, 'preview')).toEqual([])
    expect(named(theirs, 'progress').length).toBeGreaterThan(0)
    expect(JSON.stringify(named(own, 'result'))).toContain('signature=')
    expect(JSON.stringify(theirs)).not.toContain('signature=')
  })
})

async function collect(events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const all: JobEvent[] = []
  for await (const event of events) all.push(event)
  return all
}
