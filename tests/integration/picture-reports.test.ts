import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ReportList } from '../../src/http/dashboard/contract/admin.ts'
import { MAX_REPORTS, MAX_REPORTS_PER_PICTURE } from '../../src/requests/report-picture.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { generate, getJob } from '../support/image-calls.ts'
import { listRows } from '../support/list-remains.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
let owner: TestUser
let member: TestUser
let admin: TestUser & { cookie: string }

beforeAll(async () => {
  const env = { INFERENCE_CLUB_PUBLIC_PAGE: '1', INFERENCE_CLUB_TRUST_PROXY: '127.0.0.1' }
  gateway = await startTestGateway({ env })
  owner = await gateway.addUser()
  member = await gateway.addUser()
  const user = await gateway.addUser({ role: 'admin' })
  admin = { ...user, cookie: await gateway.signIn(user) }
  await gateway.addAgent({ key: owner.key, services: [{ concurrency: 4 }] })
})
afterAll(() => gateway.close())

async function make(visibility = 'PUBLIC') {
  const { request_id: id, data } = await generate(owner.client, { visibility })
  const assetId = data[0]!.asset_id
  return { id, assetId, asset: `/api/inference/assets/${assetId}/` }
}

let addresses = 0
const newAddress = () => `198.51.${Math.floor(++addresses / 200)}.${(addresses % 200) + 1}`

/** Sends the form of the page as a browser does. */
async function report(fields: Record<string, string>, from: { address?: string; headers?: object } = {}) {
  const response = await gateway.call('/public', {
    method: 'POST',
    body: new URLSearchParams({ reason: 'other', ...fields }),
    headers: { 'x-forwarded-for': from.address ?? newAddress(), 'sec-fetch-site': 'same-origin', ...from.headers }
  })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

const reports = async (path = '', json?: object, by: { cookie: string } = admin) =>
  callDashboard<ReportList>(gateway, by, `reports${path}`, {
    ...(path !== '' && { method: 'POST' }),
    json: json ?? (path === '' ? undefined : {})
  })
const reportsOf = async (id: string) => (await reports()).body.reported.find(({ requestId }) => requestId === id)
const takeDown = (id: string, reason = 'illegal') => reports(`/${id}/take-down`, { reason })
const change = async (id: string, visibility: string) =>
  (await gateway.call(`/v1/jobs/${id}`, { method: 'PATCH', key: owner.key, json: { visibility } })).status
const share = (id: string) => gateway.call(`/v1/jobs/${id}/shares`, { key: owner.key, json: {} })

async function statusOf(path: string, key?: string): Promise<number> {
  const response = await gateway.call(path, { ...(key !== undefined && { key }) })
  await response.arrayBuffer()
  return response.status
}

describe('a report', () => {
  it('of a public picture is shown to admins alone, with why, and once for each address', async () => {
    const { id, assetId } = await make()
    const address = newAddress()
    const first = await report({ picture: assetId, reason: 'person', text: 'me\r\nthere' }, { address })
    expect(first).toMatchObject({ status: 200 })
    expect(first.text).toContain('Thank you')
    await report({ picture: assetId, reason: 'rights' }, { address })
    await report({ picture: assetId, reason: 'rights' })
    const found = await reportsOf(id)
    expect(found).toMatchObject({ owner: { id: owner.id }, visibility: 'PUBLIC' })
    expect(found?.reports).toMatchObject([
      { imageId: assetId, reason: 'person', text: 'me\nthere' },
      { imageId: assetId, reason: 'rights', text: '' }
    ])
    expect((await reports('', undefined, { cookie: await gateway.signIn(member) })).status).toBe(403)
    const rows = await gateway.database.db.selectFrom('picture_reports').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(address)
    const { body } = await reports(`/${id}/dismiss`)
    expect(body.reported.map(({ requestId }) => requestId)).not.toContain(id)
    expect((await reports(`/${id}/dismiss`)).status).toBe(404)
    expect(await statusOf(`/api/inference/assets/${assetId}/`)).toBe(200)
  })

  it('of what strangers are not shown is refused alike, whether it is there or not', async () => {
    const answers = await Promise.all(
      [(await make('UNLISTED')).assetId, (await make('SECRET')).assetId, 'ast_0', owner.id].map(async (picture) => {
        const { status, text } = await report({ picture })
        return { status, text }
      })
    )
    expect(answers[0]!.status).toBe(404)
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })

  it('has bounds: its text, its reason, its size, and how many there are', async () => {
    const { assetId, id } = await make()
    expect((await report({ picture: assetId, text: '😀'.repeat(250) })).status).toBe(200)
    expect((await report({ picture: assetId, text: `${'😀'.repeat(250)}a` })).status).toBe(400)
    expect((await report({ picture: assetId, reason: 'boredom' })).status).toBe(400)
    expect((await report({ picture: assetId, reason: '' })).status).toBe(400)
    expect((await report({ picture: assetId, other: 'x' })).status).toBe(400)
    expect((await report({ reason: 'other' })).status).toBe(400)
    expect((await report({ picture: 'a'.repeat(100) })).status).toBe(404)
    expect((await report({ picture: 'a'.repeat(101) })).status).toBe(400)
    const room = 8192 - 'reason=other&picture=&text='.length - assetId.length
    expect((await report({ picture: assetId, text: 'a'.repeat(room) })).status).toBe(400)
    expect((await report({ picture: assetId, text: 'a'.repeat(room + 1) })).status).toBe(413)
    expect((await takeDown(id, 'boredom')).status).toBe(400)
    for (let count = 1; count <= MAX_REPORTS_PER_PICTURE; count++) await report({ picture: assetId })
    expect((await reportsOf(id))?.reports).toHaveLength(MAX_REPORTS_PER_PICTURE)
    await gateway.call(`/v1/jobs/${id}`, { method: 'DELETE', key: owner.key })
    expect(await listRows(gateway, id)).toEqual([])
  })

  it('is one of so many in all', async () => {
    const [{ assetId }, other] = [await make(), await make()]
    const { db } = gateway.database
    const open = (await reports()).body.open
    const row = { request_id: other.id, asset_id: other.assetId, reason: 'other', text: '', created_at: 1 }
    const rows = Array.from({ length: MAX_REPORTS - 1 - open }, (_, index) => ({ ...row, reporter: `r${index}` }))
    await db.insertInto('picture_reports').values(rows).execute()
    expect((await report({ picture: assetId })).status).toBe(200)
    expect((await report({ picture: assetId })).status).toBe(503)
    expect((await reports()).body).toMatchObject({ open: MAX_REPORTS })
    await db.deleteFrom('picture_reports').where('request_id', '=', other.id).execute()
  })

  it('is sent by the page itself, and not too often from one address', async () => {
    const { assetId } = await make()
    for (const site of ['cross-site', 'same-site', 'none']) {
      expect((await report({ picture: assetId }, { headers: { 'sec-fetch-site': site } })).status).toBe(403)
    }
    const address = newAddress()
    const statuses = []
    for (let count = 0; count < 6; count++) statuses.push((await report({ picture: assetId }, { address })).status)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
    // One customer has them all.
    const [open, other] = [(await reports()).body.open, await make()]
    const many = Array.from({ length: 6 }, (_, index) => `2001:db8::${index}`)
    for (const [index, one] of many.entries()) {
      expect((await report({ picture: other.assetId }, { address: one })).status).toBe(index < 5 ? 200 : 429)
    }
    expect((await reports()).body.open).toBe(open + 1)
    const html = await (await gateway.call('/public')).text()
    expect(html).toContain(`<input type="hidden" name="picture" value="${assetId}" />`)
  })

  it('has no path where the page is not switched on', async () => {
    const { assetId } = await make()
    const set = (publicPage: string | null) =>
      callDashboard(gateway, admin, 'settings', { method: 'PATCH', json: { publicPage } })
    await set('0')
    expect((await report({ picture: assetId })).status).toBe(404)
    await set(null)
    expect((await report({ picture: assetId })).status).toBe(200)
  })
})

describe('what was taken down', () => {
  it('is its owner’s and the admins’ by every route, until that is lifted', async () => {
    const { id, assetId, asset } = await make('PRIVATE')
    // Signed for what it is when it has been taken down, too.
    const signed = ((await getJob(owner.client, id)) as unknown as { result_url: string }).result_url.slice(
      gateway.url.length
    )
    expect(await statusOf(signed)).toBe(200)
    expect((await takeDown(id)).status).toBe(404)
    expect(await change(id, 'PUBLIC')).toBe(200)
    const { urls, page_url } = (await (await share(id)).json()) as { urls: string[]; page_url: string }
    const shared = urls[0]!.slice(gateway.url.length)
    const page = page_url.slice(gateway.url.length)
    const paths = [asset, `${asset}?width=16`, signed, `${signed}&width=16`, shared, `${shared}&width=16`]
    for (const path of [...paths, page]) expect(await statusOf(path), path).toBe(200)
    await report({ picture: assetId })

    const { body } = await takeDown(id, 'rights')
    expect(body.takenDown[0]).toMatchObject({ requestId: id, owner: { id: owner.id }, reason: 'rights' })
    expect(body.reported.map(({ requestId }) => requestId)).not.toContain(id)
    for (const path of paths) {
      expect(await statusOf(path), path).toBe(404)
      expect(await statusOf(path, member.key), path).toBe(404)
      expect(await statusOf(path, owner.key), path).toBe(200)
      expect(await statusOf(path, admin.key), path).toBe(200)
    }
    expect(await statusOf(page)).toBe(404)
    expect(await (await gateway.call('/public')).text()).not.toContain(assetId)
    expect((await report({ picture: assetId })).status).toBe(404)
    const edit = (key: string) =>
      gateway.call('/v1/images/edits', { key, json: { prompt: 'a', model: 'demo', images: [{ file_id: assetId }] } })
    expect((await edit(member.key)).status).toBe(404)

    const job = (await getJob(owner.client, id)) as unknown as Record<string, unknown>
    expect(job).toMatchObject({
      visibility: 'PRIVATE',
      taken_down: { reason: 'rights', at: expect.any(Number) as unknown }
    })
    expect(job.result_url).not.toContain('signature')
    for (const visibility of ['PUBLIC', 'UNLISTED']) expect(await change(id, visibility)).toBe(409)
    expect((await share(id)).status).toBe(409)
    expect((await takeDown(id)).status).toBe(404)
    expect(await change(id, 'SECRET')).toBe(200)
    expect(await statusOf(asset, admin.key)).toBe(404)
    expect(await change(id, 'PRIVATE')).toBe(200)
    expect(await statusOf(asset, member.key)).toBe(404)

    expect((await reports(`/${id}/lift`)).status).toBe(200)
    expect((await reports(`/${id}/lift`)).status).toBe(404)
    expect(await statusOf(asset)).toBe(404)
    expect(await statusOf(asset, member.key)).toBe(200)
    expect(await change(id, 'PUBLIC')).toBe(200)
    expect(await statusOf(asset)).toBe(200)
    expect((await getJob(owner.client, id)) as object).not.toHaveProperty('taken_down')
  })

  it('stays secret when its owner made it so between report and take-down', async () => {
    const { id, assetId } = await make()
    await report({ picture: assetId })
    await change(id, 'SECRET')
    expect((await takeDown(id)).status).toBe(200)
    expect(await getJob(owner.client, id)).toMatchObject({ visibility: 'SECRET' })
  })

  it('is hidden from admins, too, in a club where they do not look', async () => {
    const { id, asset } = await make()
    await takeDown(id)
    const set = (adminsLook: string | null) =>
      callDashboard(gateway, admin, 'settings', { method: 'PATCH', json: { adminsLook } })
    await set('0')
    expect(await statusOf(asset, admin.key)).toBe(404)
    await set(null)
    expect(await statusOf(asset, admin.key)).toBe(200)
  })

  it('is done by admins alone, for a reason of the list', async () => {
    const { id, asset } = await make()
    const by = { cookie: await gateway.signIn(owner) }
    for (const what of ['take-down', 'lift', 'dismiss']) {
      expect((await reports(`/${id}/${what}`, { reason: 'other' }, by)).status).toBe(403)
    }
    for (const body of [{}, { reason: 'x' }, { reason: 'other', more: 1 }]) {
      expect((await reports(`/${id}/take-down`, body)).status).toBe(400)
    }
    expect(await statusOf(asset)).toBe(200)
  })
})
