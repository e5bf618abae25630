import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RequestDetail } from '../../src/http/dashboard/contract/requests.ts'
import { type RunningServer, startServer } from '../support/run-program.ts'
import { describeSteps } from './describe-steps.ts'
import { openVisitor, startBrowser, type Visitor } from './visitor.ts'

/** Slow enough to be watched, fast enough to wait for. */
const STEP_TIME = '100ms'
const ADA = { name: 'Ada Lovelace', email: 'ada@example.org', password: 'analytical engine' }

let folder: string
let server: RunningServer
let browser: Browser
let visitor: Visitor
let page: Page

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-story-'))
  server = await startServer({
    env: { INFERENCE_CLUB_DATA_DIR: join(folder, 'data'), INFERENCE_CLUB_DEMO_STEP_TIME: STEP_TIME }
  })
  browser = await startBrowser()
  visitor = await openVisitor(browser, { url: server.url })
  page = visitor.page
  page.setDefaultTimeout(20_000)
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await server?.stop()
  await rm(folder, { recursive: true })
})

const pageOf = (name: string) =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true })
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' })
const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name })
const detail = async (id: string): Promise<RequestDetail> =>
  (await (await page.request.get(`/api/dashboard/requests/${id}`)).json()) as RequestDetail
const idInAddress = () => new URL(page.url()).pathname.split('/').at(-1) ?? ''

/** What lines for a shell print, run where there is nothing but a key of the reader. */
async function runWithKey(lines: string): Promise<unknown> {
  const limits = { imagesPerDay: null, imagesPerMonth: null, maxActive: null, maxPixels: null, models: null }
  const key = { name: 'lines', scopes: ['generate'], expiresAt: null, rateLimit: null, responseFormat: null, limits }
  const made = await page.request.post('/api/dashboard/keys', { data: key, headers: { origin: server.url } })
  const { secret } = (await made.json()) as { secret: string }
  const env = { PATH: process.env.PATH, INFERENCE_CLUB_API_KEY: secret }
  const { stdout } = await promisify(execFile)('sh', ['-c', lines], { cwd: folder, env })
  return JSON.parse(stdout) as unknown
}

/** One person's first hour, each step on what the one before left. */
describeSteps('from the first start on', () => {
  it('claims the installation with the link that was printed, once', async () => {
    const [, link = ''] = await server.printed(/Claim this installation \(once\): (\S+)/)
    await page.goto(link)
    await page.getByLabel('Name').fill(ADA.name)
    await page.getByLabel('E-mail').fill(ADA.email)
    await page.getByLabel('Password', { exact: true }).fill(ADA.password)
    await button('Take it over').click()
    await heading(/, Ada$/).waitFor()

    const stranger = await openVisitor(browser, { url: server.url })
    await stranger.page.goto(link)
    await stranger.page.getByRole('heading', { level: 1, name: 'This link does not work' }).waitFor()
    await stranger.page.getByRole('link', { name: 'Sign in', exact: true }).click()
    await stranger.page.getByLabel('Password', { exact: true }).waitFor()
    await stranger.close()
  })

  it('signs out, and in again where it was going', async () => {
    await button(/^Account of|Ada Lovelace/)
      .first()
      .click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await heading(/sign in/i).waitFor()
    await page.goto('/requests')
    await page.getByLabel('E-mail').fill(ADA.email)
    await page.getByLabel('Password', { exact: true }).fill('a wrong password')
    await button('Sign in').click()
    await page.getByRole('alert').waitFor()
    await page.getByLabel('Password', { exact: true }).fill(ADA.password)
    await button('Sign in').click()
    await heading('Gallery').waitFor()
    await page.getByText('Make your first image').waitFor()
  })

  it('makes two images, and sees them come about', async () => {
    await pageOf('Playground').click()
    await page.getByLabel('Prompt', { exact: true }).fill('a red fox in the snow at sunrise')
    await page.getByRole('textbox', { name: 'Images' }).fill('2')
    await button('Generate').click()
    const card = page.getByRole('article', { name: 'a red fox in the snow at sunrise' })
    await card.getByRole('progressbar').first().waitFor()
    await card.locator('img[src^="data:"]').first().waitFor()
    await card.getByRole('link', { name: 'Open image 2 of 2' }).waitFor()
  })

  it('goes on when the tab is closed', async () => {
    await page.getByLabel('Prompt', { exact: true }).fill('a lighthouse at dusk')
    await page.getByRole('textbox', { name: 'Images' }).fill('1')
    // The page shows it before the server has it.
    const taken = page.waitForResponse((response) => response.request().method() === 'POST' && response.ok())
    await button('Generate').click()
    await taken
    await page.getByRole('article', { name: 'a lighthouse at dusk' }).getByRole('progressbar').first().waitFor()
    await page.close()
    page = await visitor.context.newPage()
    page.setDefaultTimeout(20_000)
    await page.goto('/playground')
    const card = page.getByRole('article', { name: 'a lighthouse at dusk' })
    await card.getByRole('link', { name: 'Open image 1 of 1' }).waitFor()
  })

  it('finds it in the gallery by a word and by keyboard', async () => {
    await pageOf('Gallery').click()
    await page.getByRole('textbox', { name: /search/i }).fill('FOX')
    await page.getByRole('link', { name: /red fox/ }).waitFor()
    await page.getByRole('link', { name: /lighthouse/ }).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: /red fox/ }).focus()
    await page.keyboard.press('Enter')
    await heading(/generation/i).waitFor()
    await page.getByText('a red fox in the snow at sunrise').first().waitFor()
    const { images, attempts } = await detail(idInAddress())
    expect(images).toHaveLength(2)
    expect(attempts.map(({ state }) => state)).toEqual(['succeeded', 'succeeded'])
  })

  it('edits it where a mask is painted, whatever the form held before', async () => {
    const prompt = page.getByLabel('Prompt', { exact: true })
    const address = page.url()
    await pageOf('Playground').click()
    await prompt.fill('four foxes')
    await page.getByRole('textbox', { name: 'Images' }).fill('4')
    await page.getByRole('textbox', { name: 'Seed' }).fill('7')
    await page.goto(address)
    await page
      .getByRole('link', { name: /^Edit this/ })
      .first()
      .click()
    await heading('Playground').waitFor()
    await button('Paint what to change').waitFor()
    expect(await page.getByRole('textbox', { name: 'Images' }).inputValue()).toBe('1')
    expect(await page.getByRole('textbox', { name: 'Seed' }).inputValue()).toBe('')
    await page.keyboard.type('a hot-air balloon')
    expect(await prompt.inputValue()).toBe('a hot-air balloon')
    await button('Paint what to change').click()
    const canvas = page.getByRole('img', { name: 'The image with the area that will change' })
    const box = await canvas.boundingBox()
    if (!box) throw new Error('the canvas is not shown')
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    await page.mouse.move(middle.x - 60, middle.y)
    await page.mouse.down()
    await page.mouse.move(middle.x + 60, middle.y, { steps: 8 })
    await page.mouse.up()
    await button('Done').click()
    await button('View code').click()
    const code = await page.getByRole('region', { name: 'curl code' }).textContent()
    await page.keyboard.press('Escape')
    expect(await runWithKey(code ?? '')).toMatchObject({ data: [{ url: expect.any(String) as unknown }] })
    await button('Edit').click()
    const card = page.getByRole('article', { name: 'a hot-air balloon' })
    await card.getByRole('link', { name: 'Open image 1 of 1' }).click()
    await heading(/edit/i).waitFor()

    const { kind, inputs, mask } = await detail(idInAddress())
    expect(kind).toBe('edit')
    expect(inputs).toHaveLength(1)
    if (!mask) throw new Error('no mask was kept')
    expect([mask.width, mask.height]).toEqual([inputs[0]?.width, inputs[0]?.height])
    const bytes = await (await page.request.get(`/api/inference/assets/${mask.id}/`)).body()
    const alpha = await sharp(bytes).extractChannel(3).raw().toBuffer()
    // Transparent is what shall change: the middle, where it was painted, and not the corner.
    expect(alpha[Math.floor(mask.height / 2) * mask.width + Math.floor(mask.width / 2)]).toBe(0)
    expect(alpha[0]).toBe(255)
  })

  it('cancels one in the queue', async () => {
    await pageOf('Playground').click()
    await page.getByLabel('Prompt', { exact: true }).fill('a city that nobody needs')
    const removal = page.getByRole('button', { name: /^Remove/ })
    while ((await removal.count()) > 0) await removal.first().click()
    await page.getByRole('textbox', { name: 'Images' }).fill('8')
    await button('Generate').click()
    await page.getByRole('article', { name: 'a city that nobody needs' }).waitFor()
    await pageOf('Queue').click()
    const row = page.getByRole('article').filter({ hasText: 'a city that nobody needs' })
    await row.getByRole('button', { name: 'Cancel' }).click()
    await row.waitFor({ state: 'detached' })
    await pageOf('Gallery').click()
    await page.getByRole('textbox', { name: /search/i }).fill('nobody needs')
    await page.getByRole('link', { name: /nobody needs/ }).click()
    await page.getByText('Canceled', { exact: true }).first().waitFor()
  })

  it('deletes the first ones, with their images', async () => {
    await pageOf('Gallery').click()
    await page.getByRole('textbox', { name: /search/i }).fill('fox')
    await page.getByRole('link', { name: /red fox/ }).click()
    await heading(/generation/i).waitFor()
    const id = idInAddress()
    const { images } = await detail(id)
    expect(images).toHaveLength(2)
    await button('More').click()
    await page.getByRole('menuitem', { name: /^Delete/ }).click()
    await page.getByRole('alertdialog').or(page.getByRole('dialog')).getByRole('button', { name: 'Delete' }).click()
    await heading('Gallery').waitFor()
    expect((await page.request.get(`/api/dashboard/requests/${id}`)).status()).toBe(404)
    for (const image of images) {
      for (const size of ['', '?width=256']) {
        expect((await page.request.get(`/api/inference/assets/${image.id}/${size}`)).status()).toBe(404)
      }
    }
  })

  it('makes a key that works, and revokes it', async () => {
    await pageOf('API keys').click()
    const behind = () => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
    const bright = await behind()
    await button('New key').click()
    await page.getByLabel('Name').fill('laptop')
    // The place of the scrollbar, which no backdrop covers.
    expect(await behind()).not.toBe(bright)
    await button('Create key').click()
    const shown = page
      .getByRole('dialog')
      .getByText(/^ic_[a-z0-9]{40}$/)
      .first()
    const secret = (await shown.textContent()) ?? ''
    const ask = () => fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${secret}` } })
    expect((await ask()).status).toBe(200)
    await button('Done').click()
    await page.getByRole('button', { name: 'Close', exact: true }).last().click()
    const row = page.getByRole('row').filter({ hasText: 'laptop' })
    await row.getByRole('button', { name: /Revoke/ }).click()
    await page.getByRole('alertdialog').or(page.getByRole('dialog')).getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('Revoked “laptop”').waitFor()
    expect((await ask()).status).toBe(401)
    // Nobody can read it again.
    await page.reload()
    await heading('API keys').waitFor()
    expect(await page.content()).not.toContain(secret)
  })

  it('had nothing to complain about but the wrong password', () => {
    expect(visitor.complaints.filter((text) => !/401|404/.test(text))).toEqual([])
  })
})
