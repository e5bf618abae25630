import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSteadyClock } from '../../src/lib/clock.ts'
import { listPublicPictures } from '../../src/request-views/public-picture-store.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { generate } from '../support/image-calls.ts'
import { plansOf, wasteful } from '../support/query-plans.ts'
import { startTestGateway, type TestGateway, type TestUser } from '../support/test-gateway.ts'

let gateway: TestGateway
/** How far the gateway's clock is ahead. */
let aheadMs = 0
let owner: TestUser

beforeAll(async () => {
  const clock = createSteadyClock()
  gateway = await startTestGateway({
    clock: { ...clock, now: () => clock.now() + aheadMs },
    env: { INFERENCE_CLUB_PUBLIC_PAGE: '1' }
  })
  owner = await gateway.addUser()
  await gateway.addAgent({ key: owner.key, services: [{ concurrency: 4 }] })
})
afterAll(() => gateway.close())

async function make(fields: object = {}, by = owner): Promise<{ id: string; assets: string[] }> {
  const { request_id: id, data } = await generate(by.client, { visibility: 'PUBLIC', ...fields })
  return { id, assets: data.map(({ asset_id }) => asset_id) }
}

const change = async (id: string, fields: object) => {
  const response = await gateway.call(`/v1/jobs/${id}`, { method: 'PATCH', key: owner.key, json: fields })
  expect(response.status).toBe(200)
}

/** The ids of the pictures that a page shows, and the path of the next one. */
async function look(path = '/public') {
  const response = await gateway.call(path)
  const html = await response.text()
  expect(response.status, html).toBe(200)
  const shown = [...html.matchAll(/<a href="\/api\/inference\/assets\/(\w+)\/"><img src="([^"]+)"/g)]
  const older = /<nav><a href="([^"]+)"/.exec(html)?.[1]
  return {
    html,
    headers: response.headers,
    assets: shown.map(([, id]) => id),
    thumbnails: shown.map(([, , src]) => src!),
    older
  }
}

describe('the page of public pictures', () => {
  it('is, where it was not switched on, a path like any that is not there', async () => {
    const admin = await gateway.addPerson({ role: 'admin' })
    const set = async (publicPage: string | null) => {
      const json = { publicPage }
      expect((await callDashboard(gateway, admin, 'settings', { method: 'PATCH', json })).status).toBe(200)
    }
    await set('0')
    for (const headers of [{}, { accept: 'text/html' }]) {
      const [page, unknown] = await Promise.all(
        ['/public', '/publik'].map(async (path) => {
          const response = await gateway.call(path, { headers })
          const { 'x-request-id': _, date: __, ...told } = Object.fromEntries(response.headers)
          return { status: response.status, told, text: (await response.text()).replaceAll('publik', 'public') }
        })
      )
      expect(page).toEqual(unknown)
    }
    expect((await gateway.call('/public')).status).toBe(404)
    await set(null)
    expect((await gateway.call('/public')).status).toBe(200)
  })

  it('shows the newest first, links to each whole, and tells nothing else of them', async () => {
    const first = await make({ prompt: 'a hidden garden', n: 2 })
    const second = await make()
    const { html, headers, assets, thumbnails } = await look()
    expect(assets.slice(0, 3)).toEqual([...second.assets, ...first.assets])
    expect(headers.get('x-robots-tag')).toContain('noindex')
    expect(headers.get('cache-control')).toContain('no-store')
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; img-src /)
    expect(html).not.toMatch(/<script|garden|onload/i)
    expect(html).not.toContain(owner.email)
    for (const id of [first.id, owner.id]) expect(html).not.toContain(id)
    for (const path of thumbnails.slice(0, 3)) expect((await gateway.call(path)).status).toBe(200)
  })

  it.each(['UNLISTED', 'PRIVATE', 'SECRET'])('shows none that is %s, from the next fetch on', async (visibility) => {
    const { id, assets } = await make({ visibility })
    const shown = async () => (await look()).assets.includes(assets[0])
    expect(await shown()).toBe(false)
    await change(id, { visibility: 'PUBLIC' })
    expect(await shown()).toBe(true)
    await change(id, { visibility })
    expect(await shown()).toBe(false)
  })

  it('shows nothing that goes when it is fetched, has expired or was deleted', async () => {
    const once = await make({ expires_in: 0, async: undefined })
    const timed = await make({ expires_in: 60 })
    const deleted = await make()
    const shown = async () => {
      const { assets } = await look()
      return [once, timed, deleted].map((one) => assets.includes(one.assets[0]))
    }
    expect(await shown()).toEqual([false, true, true])
    await gateway.call(`/v1/jobs/${deleted.id}`, { method: 'DELETE', key: owner.key })
    try {
      aheadMs = 61_000
      expect(await shown()).toEqual([false, false, false])
    } finally {
      aheadMs = 0
    }
  })

  it('shows nothing of people who were shut out, and lets them back', async () => {
    const other = await gateway.addUser()
    const { assets } = await make({}, other)
    const { people } = gateway.gateway.context
    const shown = async () => (await look()).assets.includes(assets[0])
    expect(await shown()).toBe(true)
    await people.change({ userId: other.id, by: null, change: { disabled: true } })
    expect(await shown()).toBe(false)
    await people.change({ userId: other.id, by: null, change: { disabled: false } })
    expect(await shown()).toBe(true)
  })

  it('goes on where it ended, each picture once, and refuses places that are none', async () => {
    const { db } = gateway.database
    await make()
    const row = await db.selectFrom('requests').selectAll().where('visibility', '=', 'PUBLIC').executeTakeFirstOrThrow()
    const asset = await db.selectFrom('assets').selectAll().where('request_id', '=', row.id).executeTakeFirstOrThrow()
    // As many as a look takes in, at the same moment, and one more.
    const ids = Array.from({ length: 201 }, (_, index) => `req_same${String(index).padStart(21, '0')}`)
    for (const [index, id] of ids.entries()) {
      await db
        .insertInto('requests')
        .values({ ...row, id, finished_at: 1000, n: 1 })
        .execute()
      await db
        .insertInto('assets')
        .values({ ...asset, id: `ast_same${index}`, request_id: id })
        .execute()
    }
    const seen: (string | undefined)[] = []
    let pages = 0
    for (let path: string | undefined = '/public'; path !== undefined; pages++) {
      const page: Awaited<ReturnType<typeof look>> = await look(path)
      expect(page.assets.length).toBeLessThanOrEqual(70)
      seen.push(...page.assets)
      path = page.older
    }
    expect(pages).toBeGreaterThan(3)
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((id) => id?.startsWith('ast_same'))).toHaveLength(201)
    expect((await gateway.call(`/public?cursor=1.${'a'.repeat(498)}`)).status).toBe(200)
    for (const cursor of ['x', '.', 'zzzzzzzzzzzz.a', '">', `1.${'a'.repeat(499)}`]) {
      expect((await gateway.call(`/public?cursor=${encodeURIComponent(cursor)}`)).status).toBe(400)
    }
    const plans = await plansOf(db, (asked) =>
      listPublicPictures({ db: asked, clock: gateway.database.clock }, { finished_at: 2000, id: 'req_x' })
    )
    expect([plans, wasteful(plans)]).toEqual([expect.arrayContaining([expect.stringContaining('requests_public')]), []])
    await db.deleteFrom('assets').where('request_id', 'in', ids).execute()
    await db.deleteFrom('requests').where('id', 'in', ids).execute()
  })
})
