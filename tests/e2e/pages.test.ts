import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seriousOffences } from './check-accessibility.ts'
import { DASHBOARD_PAGES, type DashboardPage, settled, visit } from './dashboard-pages.ts'
import { setStage, type Stage } from './stage.ts'
import { DESKTOP, openVisitor, PHONE, startBrowser } from './visitor.ts'

let stage: Stage
let browser: Browser

beforeAll(async () => {
  stage = await setStage()
  browser = await startBrowser()
}, 60_000)

afterAll(async () => {
  await browser.close()
  await stage.close()
})

const open = ({ as = 'ada' }: Pick<DashboardPage, 'as'>, options: { phone?: boolean }) =>
  openVisitor(browser, {
    url: stage.url,
    theme: options.phone ? 'dark' : 'light',
    viewport: options.phone ? PHONE : DESKTOP,
    ...(as !== 'nobody' && { cookie: stage[as].cookie })
  })

const WIDTH = 'document.documentElement.scrollWidth'

describe.each(DASHBOARD_PAGES)('the page $name', (page) => {
  it.each([{ phone: false }, { phone: true }])('is for everybody, phone: $phone', async (device) => {
    const visitor = await open(page, device)
    await visit(visitor.page, page.path(stage))
    await page.then?.(visitor.page)
    await settled(visitor.page)
    expect(await seriousOffences(visitor.page)).toEqual([])
    expect(await visitor.page.evaluate<number>(WIDTH)).toBeLessThanOrEqual(device.phone ? PHONE.width : DESKTOP.width)
    // Behind a dialog, too.
    expect(await visitor.page.locator('h1').count()).toBe(1)
    expect(await visitor.page.title()).toMatch(/\S.* · inference\.club$/)
    expect(visitor.complaints).toEqual([])
    await visitor.close()
  })
})

describe('the first visit', () => {
  /** What `index.html` asks for before it can show anything, over the wire. */
  it('loads less than 250 kB of scripts', async () => {
    const dist = fileURLToPath(new URL('../../web/dist/', import.meta.url))
    const page = await readFile(`${dist}index.html`, 'utf8')
    const scripts = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(([, path = '']) => path)
    expect(scripts.length).toBeGreaterThan(0)
    let bytes = 0
    for (const path of scripts) bytes += gzipSync(await readFile(dist + path)).length
    expect(bytes).toBeLessThan(250_000)
    expect((await readdir(`${dist}assets`)).some((name) => name.endsWith('.br'))).toBe(true)
  })

  it.each(['/playground', '/requests', '/queue', '/keys'])('of %s moves nothing that was shown', async (path) => {
    const { page, close } = await open({}, {})
    await page.addInitScript(`
      window.shifts = 0
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value
      }).observe({ type: 'layout-shift', buffered: true })`)
    await visit(page, path)
    // What counts as good by the common measure is 0.1.
    expect(await page.evaluate<number>('window.shifts')).toBeLessThan(0.02)
    await close()
  })

  it('finds every title at one place', async () => {
    const { page, close } = await open({}, {})
    const places = new Map<string, string[]>()
    const detail = [`/requests/${stage.requests.done}`, `/network/${stage.provider}`]
    for (const path of [
      '/',
      '/playground',
      '/requests',
      '/queue',
      '/network',
      '/usage',
      '/keys',
      '/account',
      ...detail
    ]) {
      await visit(page, path)
      const box = await page.getByRole('heading', { level: 1 }).boundingBox()
      const place = `${box?.x} ${box?.y}`
      places.set(place, [...(places.get(place) ?? []), path])
    }
    expect([...places.values()]).toHaveLength(1)
    await close()
  })

  it('follows everything live over one connection', async () => {
    const { page, close } = await open({}, {})
    const streams: string[] = []
    page.on('request', (request) => {
      if (request.resourceType() === 'eventsource') streams.push(new URL(request.url()).pathname)
    })
    await visit(page, '/playground')
    for (const name of ['Gallery', 'Queue', 'API keys', 'Playground']) {
      await page.getByRole('link', { name, exact: true }).click()
      await page.getByRole('heading', { level: 1, name }).waitFor()
    }
    expect(streams).toEqual(['/api/dashboard/events'])
    await close()
  })
})

describe('what is somebody else’s', () => {
  const cookie = (person: { cookie: string }) => ({ headers: { cookie: person.cookie } })

  it('is not shown to a member by any address', async () => {
    const { page, close } = await open({ as: 'ben' }, {})
    for (const id of Object.values(stage.requests)) {
      await visit(page, `/requests/${id}`)
      await page.getByText('This request is not here').waitFor()
    }
    await page.goto('/requests?owner=all')
    await page.getByRole('heading', { level: 1 }).waitFor()
    await settled(page)
    expect(await page.getByText('a red fox in the snow').count()).toBe(0)
    await close()
  })

  it('is not told to a member by any endpoint', async () => {
    const { gateway, ben, requests, ada } = stage
    const view = await gateway.gateway.context.requestViews.view(requests.edited)
    const refused = [
      `/api/dashboard/requests/${requests.done}`,
      `/api/dashboard/requests?owner=${ada.id}`,
      '/api/dashboard/requests?owner=all',
      '/api/dashboard/queue?owner=all',
      '/api/dashboard/events?owner=all',
      `/api/dashboard/jobs/${requests.done}`,
      `/api/dashboard/jobs/${requests.running}/events`,
      ...view.inputs.map(({ id }) => `/api/inference/assets/${id}/?width=64`),
      ...view.inputs.map(({ id }) => `/api/inference/assets/${id}/`)
    ]
    for (const path of refused) {
      const response = await gateway.call(path, cookie(ben))
      expect([403, 404], path).toContain(response.status)
      expect(await response.text(), path).not.toMatch(/red fox|glacier|Ada/)
    }
    for (const [method, path] of [
      ['POST', `/api/dashboard/jobs/${requests.running}/cancel`],
      ['POST', `/api/dashboard/jobs/${requests.failed}/retry`],
      ['DELETE', `/api/dashboard/jobs/${requests.done}`]
    ] as const) {
      expect((await gateway.call(path, { method, ...cookie(ben) })).status, path).toBe(404)
    }
    for (const path of ['/api/dashboard/requests', '/api/dashboard/queue']) {
      const answer = await (await gateway.call(path, cookie(ben))).text()
      expect(answer).not.toMatch(/red fox|glacier|Ada/)
    }
  })

  it('is shown to an admin', async () => {
    const { page, close } = await open({ as: 'ada' }, {})
    await visit(page, `/requests/${stage.bensRequest}`)
    await page.getByText('a secret garden behind the house').first().waitFor()
    await page.getByText('Ben Okri').first().waitFor()
    await close()
  })
})
