import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ClubInfo, SessionInfo } from '../../src/http/dashboard/contract/session.ts'
import { callDashboard, type DashboardError } from '../support/dashboard-calls.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'

const MOST_BYTES = 5 * 1024 * 1024
const PICTURE = '/api/dashboard/club/picture'

let gateway: TestGateway
let admin: TestPerson
let member: TestPerson

beforeAll(async () => {
  gateway = await startTestGateway()
  admin = await gateway.addPerson({ role: 'admin' })
  member = await gateway.addPerson()
})
afterAll(() => gateway.close())

const club = async (): Promise<ClubInfo> => {
  const { body } = await callDashboard<SessionInfo>(gateway, { cookie: '' }, 'session')
  return body.club
}

async function rename(name: string | null, by: Pick<TestPerson, 'cookie'> = admin) {
  const { status, body } = await callDashboard<DashboardError>(gateway, by, 'settings', {
    method: 'PATCH',
    json: { clubName: name }
  })
  return { status, error: body.error }
}

async function put(body: Buffer | string, type = 'image/png', by: Pick<TestPerson, 'cookie'> = admin) {
  const response = await gateway.call(PICTURE, {
    method: 'PUT',
    headers: { cookie: by.cookie, 'content-type': type },
    body: body === '' ? '' : new Blob([Uint8Array.from(Buffer.from(body as string))])
  })
  return { status: response.status, body: (await response.json()) as ClubInfo & DashboardError }
}

const blank = (width: number, height: number) => sharp({ create: { width, height, channels: 3, background: 'teal' } })
const remove = () => callDashboard<ClubInfo>(gateway, admin, 'club/picture', { method: 'DELETE' })
const page = async (path = '/') => (await gateway.call(path, { headers: { accept: 'text/html' } })).text()

describe('the repository of a club', () => {
  const set = async (repository: string | null) => {
    const { status, body } = await callDashboard<DashboardError>(gateway, admin, 'settings', {
      method: 'PATCH',
      json: { repository }
    })
    return { status, param: body.error?.param }
  }
  const told = async (cookie: string) =>
    (await callDashboard<SessionInfo>(gateway, { cookie }, 'session')).body.repository

  it('is told to its members alone, from the moment at which an admin says where it is', async () => {
    expect(await told(member.cookie)).toBeNull()
    expect((await set('https://git.example.org/club.git')).status).toBe(200)
    expect(await told(member.cookie)).toBe('https://git.example.org/club.git')
    expect(await told('')).toBeNull()
    expect((await set('')).status).toBe(200)
    expect(await told(member.cookie)).toBeNull()
    expect(await set('https://git.example.org/$(id)')).toEqual({ status: 400, param: 'repository' })
    await set(null)
  })
})

it('tells who may ask whether a picture was made here: members, and strangers where the operator lets everybody', async () => {
  const told = async (cookie: string) =>
    (await callDashboard<SessionInfo>(gateway, { cookie }, 'session')).body.mayCheckPictures
  const open = (publicProvenance: string | null) =>
    callDashboard(gateway, admin, 'settings', { method: 'PATCH', json: { publicProvenance } })
  expect([await told(member.cookie), await told('')]).toEqual([true, false])
  await open('1')
  expect(await told('')).toBe(true)
  await open(null)
  expect(await told('')).toBe(false)
})

describe('the name of the club', () => {
  it('is the product’s own until an admin says otherwise, and again when it is reset', async () => {
    expect(await club()).toEqual({ name: 'inference.club', picture: null })
    expect((await rename('The  Attic\u0007 Club ')).status).toBe(200)
    expect((await club()).name).toBe('The Attic Club')
    expect((await rename(null)).status).toBe(200)
    expect((await club()).name).toBe('inference.club')
  })

  it('has at most sixty characters, as people count them, of which one can be seen', async () => {
    for (const name of ['🦊'.repeat(60), 'a'.repeat(60)]) {
      expect((await rename(name)).status).toBe(200)
      expect((await club()).name).toBe(name)
    }
    for (const name of ['a'.repeat(61), ' ', '\u200b', '']) {
      expect(await rename(name)).toMatchObject({ status: 400, error: { param: 'clubName' } })
    }
    await rename(null)
  })

  it('is for admins to change', async () => {
    expect((await rename('Mine', member)).status).toBe(403)
  })

  it('stands in the pages as text, in the manifest and in the API’s document', async () => {
    await rename('<script>alert(1)</script>')
    for (const path of ['/', '/docs']) {
      const html = await page(path)
      if (!html.includes('<title>')) continue
      expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;</title>')
      expect(html).not.toContain('<script>alert')
    }
    await rename('Ada & friends')
    const manifest = await gateway.call('/manifest.webmanifest')
    expect(manifest.headers.get('content-type')).toContain('application/manifest+json')
    expect(await manifest.json()).toMatchObject({ name: 'Ada & friends', icons: [{ src: '/favicon.svg' }] })
    const document = (await (await gateway.call('/openapi.json')).json()) as { info: { title: string } }
    expect(document.info.title).toBe('Ada & friends API')
    await rename(null)
  })
})

describe('the picture of the club', () => {
  it('is a square png for everybody, whatever was sent, and has an address of its own', async () => {
    expect((await gateway.call(PICTURE)).status).toBe(404)
    const sent = await blank(600, 200).jpeg().toBuffer()
    // What it is said to be does not count.
    const { status, body } = await put(sent, 'image/svg+xml')
    expect([status, body]).toEqual([200, await club()])
    expect(body.picture).toMatch(/^\/api\/dashboard\/club\/picture\?v=[0-9a-f]{16}$/)

    const shown = await gateway.call(body.picture!)
    expect(Object.fromEntries(shown.headers)).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'public, max-age=31536000, immutable'
    })
    const { format, width, height } = await sharp(Buffer.from(await shown.arrayBuffer())).metadata()
    expect([format, width, height]).toEqual(['png', 256, 256])

    for (const path of [PICTURE, `${PICTURE}?v=`, `${PICTURE}?v=0123456789abcdef`]) {
      const other = await gateway.call(path)
      expect([other.status, other.headers.get('cache-control')]).toEqual([200, 'no-cache'])
    }
    const again = await gateway.call(PICTURE, { headers: { 'if-none-match': shown.headers.get('etag') ?? '' } })
    expect(again.status).toBe(304)
    const head = await gateway.call(PICTURE, { method: 'HEAD' })
    expect([head.status, Number(head.headers.get('content-length')) > 0]).toEqual([200, true])

    const manifest = (await (await gateway.call('/manifest.webmanifest')).json()) as object
    expect(manifest).toMatchObject({ icons: [{ src: body.picture, type: 'image/png' }] })
    const html = await page()
    if (html.includes('<title>')) expect(html).toContain(`<link rel="icon" href="${body.picture}" type="image/png" />`)

    const other = await put(await blank(32, 32).webp().toBuffer(), 'image/webp')
    expect(other.body.picture).not.toBe(body.picture)
    expect((await remove()).body).toEqual({ name: 'inference.club', picture: null })
    expect((await gateway.call(PICTURE)).status).toBe(404)
  })

  it.each([
    ['an svg', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'],
    ['a page', '<!doctype html><script>alert(1)</script>'],
    ['nothing', ''],
    ['half a png', 'half']
  ])('is not %s', async (_what, text) => {
    const body = text === 'half' ? (await blank(64, 64).png().toBuffer()).subarray(0, 60) : text
    expect(await put(body)).toMatchObject({ status: 400 })
    expect((await club()).picture).toBeNull()
  })

  it('is an image as the body, in no form and no JSON', async () => {
    for (const type of ['application/json', 'text/html', 'multipart/form-data; boundary=x']) {
      const { status } = await put('{}', type)
      expect(status, type).toBe(415)
    }
  })

  it('has five megabytes and sixteen megapixels at most', async () => {
    const png = await blank(20, 20).png().toBuffer()
    // Bytes after the end of an image are nobody's, so only their number can be wrong.
    expect((await put(Buffer.concat([png, Buffer.alloc(MOST_BYTES + 1 - png.length)]))).status).toBe(413)
    expect((await put(await blank(16_000, 1000).png().toBuffer())).status).toBe(200)
    expect(await put(await blank(16_001, 1000).png().toBuffer())).toMatchObject({
      status: 400,
      body: { error: { param: 'picture' } }
    })
    await remove()
  })

  it('is for admins to change, on a page of ours', async () => {
    const png = await blank(20, 20).png().toBuffer()
    expect((await put(png, 'image/png', member)).status).toBe(403)
    expect((await put(png, 'image/png', { cookie: '' })).status).toBe(401)
    const elsewhere = await gateway.call(PICTURE, {
      method: 'DELETE',
      headers: { cookie: admin.cookie, 'sec-fetch-site': 'cross-site' }
    })
    expect(elsewhere.status).toBe(403)
    expect((await gateway.call(PICTURE, { method: 'POST', headers: { cookie: admin.cookie } })).status).toBe(405)
  })

  it('is seen by other processes and after a restart', async () => {
    await put(await blank(20, 20).png().toBuffer())
    const { picture } = await club()
    const again = gateway.gateway.context.clubPicture
    await again.load()
    expect(picture).toContain(again.hash()!.slice(0, 16))
    await remove()
    expect(again.hash()).toBeUndefined()
  })
})
