import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { seriousOffences } from './check-accessibility.ts'
import { settled } from './dashboard-pages.ts'
import { DESKTOP, openVisitor, PHONE, startBrowser } from './visitor.ts'

let browser: Browser
let gateway: TestGateway
let key: string

beforeAll(async () => {
  gateway = await startTestGateway()
  ;({ key } = await gateway.addUser())
  await gateway.addAgent({ key, services: [{}] })
  browser = await startBrowser()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await gateway?.close()
})

async function openReference(page: Page): Promise<void> {
  page.setDefaultTimeout(15_000)
  await page.goto('/docs')
  await page.getByRole('heading', { level: 2, name: 'Limits' }).waitFor()
  await settled(page)
}

const BACKGROUND = "getComputedStyle(document.querySelector('#reference .swagger-ui')).backgroundColor"

describe('the API reference', () => {
  it.each([
    ['light', DESKTOP, 'rgb(248, 247, 245)'],
    ['dark', PHONE, 'rgb(19, 18, 17)']
  ] as const)('is in the look of the pages: %s', async (theme, viewport, background) => {
    const { page, complaints, close } = await openVisitor(browser, { url: gateway.url, theme, viewport })
    const others: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(`${gateway.url}/`) && !/^(data|blob):/.test(request.url()))
        others.push(request.url())
    })
    await openReference(page)
    expect(await page.title()).toBe('API reference · inference.club')
    expect(await page.evaluate(BACKGROUND)).toBe(background)
    const chapters = page.getByRole('navigation', { name: 'Chapters' }).getByRole('link')
    const names = ['Images', 'Jobs', 'Models', 'Webhooks', 'Batches', 'Usage', 'Errors', 'Limits']
    expect(await chapters.allTextContents()).toEqual(names)
    const headings = await page.getByRole('heading', { level: 3 }).allTextContents()
    expect(headings.map((text) => names.find((name) => text.startsWith(name)))).toEqual(names.slice(0, 6))
    await page.getByRole('cell', { name: 'insufficient_quota', exact: true }).first().waitFor()
    expect(await seriousOffences(page)).toEqual([])
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width)
    expect(complaints).toEqual([])
    expect(others).toEqual([])
    await close()
  })

  it('can be linked to by chapter', async () => {
    const { page, close } = await openVisitor(browser, { url: gateway.url })
    await page.goto('/docs#limits')
    const chapter = page.getByRole('heading', { level: 2, name: 'Limits' })
    await chapter.waitFor()
    await waitFor(() => page.evaluate<boolean>('scrollY > 500'))
    await page.getByRole('link', { name: 'Images', exact: true }).click()
    await waitFor(() => page.evaluate<boolean>('scrollY < 500'))
    await close()
  })

  it('makes an image of its own example, and leads back to the dashboard', async () => {
    const { page, complaints, close } = await openVisitor(browser, { url: gateway.url })
    await openReference(page)
    await page.getByRole('button', { name: 'Authorize' }).click()
    await page.getByLabel('auth-bearer-value').fill(key)
    await page.getByRole('button', { name: 'Apply credentials' }).click()
    await page.getByRole('button', { name: 'Close', exact: true }).click()
    const operation = page.locator('#operations-Images-createImage')
    await operation.getByRole('button', { name: 'Make images from a prompt' }).click()
    await operation.getByRole('button', { name: 'Try it out' }).click()
    const answered = page.waitForResponse(`${gateway.url}/v1/images/generations`)
    await operation.getByRole('button', { name: 'Execute' }).click()
    expect((await answered).status()).toBe(200)
    await operation.locator('.live-responses-table').getByText('asset_id').waitFor()
    expect(complaints).toEqual([])
    await page.getByRole('link', { name: 'Back to the dashboard' }).click()
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
    await close()
  })
})
