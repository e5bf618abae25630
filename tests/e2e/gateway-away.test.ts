import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { askForImages } from './ask-for-images.ts'
import { describeSteps } from './describe-steps.ts'
import { openVisitor, PHONE, startBrowser, type Visitor } from './visitor.ts'

const MODEL = 'patient-painter'
const AWAY = /The gateway does not answer\. Trying again …/
/** What a tile tells of when its request is done, and where it stands. */
const ESTIMATE = /#\d|Next|about \d|in a moment|longer than usual/
/** So many that the requests are still there when everything has been looked at. */
const STEPS = 120
const ASKED = 4

let dataDir: string
let gateway: TestGateway
let browser: Browser
let mara: TestPerson
let friend: Visitor

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gateway-away-'))
  gateway = await startTestGateway({ dataDir })
  const { key } = await gateway.addUser()
  await gateway.addAgent({
    key,
    name: 'attic',
    services: [
      {
        timeoutMs: 3_600_000,
        models: [{ id: MODEL, servedAs: MODEL, features: ['generate'] as never }],
        options: { step_time: '20ms' }
      }
    ]
  })
  mara = await gateway.addPerson({ name: 'Mara Lind' })
  // From the first it is known how long they take.
  for (const seed of [1, 2, 3]) await askForImages(gateway, mara, { model: MODEL, prompt: `dunes ${seed}`, steps: 2 })
  await gateway.drain()
  browser = await startBrowser()
  friend = await openVisitor(browser, { url: gateway.url, cookie: mara.cookie, viewport: PHONE })
  friend.page.setDefaultTimeout(15_000)
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await gateway?.close()
  await rm(dataDir, { recursive: true, force: true })
})

const note = () => friend.page.getByText(AWAY)
const estimates = () => friend.page.getByRole('gridcell').getByText(ESTIMATE).filter({ visible: true })

describeSteps('a gallery on a phone whose gateway goes away', () => {
  it('tells when what waits will be done', async () => {
    for (let at = 0; at < ASKED; at += 1) {
      await askForImages(gateway, mara, { model: MODEL, prompt: `hills ${at}`, steps: STEPS })
    }
    // The other pages are loaded ahead.
    const queuePage = friend.page.waitForResponse(/\/queue-page[^/]*\.js$/)
    await friend.page.goto('/requests')
    await queuePage
    await estimates().nth(1).waitFor()
    expect(await note().count()).toBe(0)
  })

  it('says so within seconds, and estimates nothing more', async () => {
    await gateway.close()
    await note().waitFor({ timeout: 6000 })
    expect(await estimates().count()).toBe(0)
    expect(await friend.page.getByRole('gridcell').count()).toBeGreaterThan(ASKED)
  })

  it('says so on another page as well', async () => {
    const pages = friend.page.getByRole('navigation', { name: 'Pages' })
    await pages.filter({ visible: true }).getByRole('link', { name: 'Queue', exact: true }).click()
    await friend.page.getByRole('heading', { name: 'Queue', level: 1 }).waitFor()
    await note().waitFor()
    await pages.filter({ visible: true }).getByRole('link', { name: 'Gallery', exact: true }).click()
    await friend.page.getByRole('gridcell').first().waitFor()
  })

  it('is as it was when the gateway is back, with what has happened since', async () => {
    gateway = await startTestGateway({ dataDir, env: { INFERENCE_CLUB_PORT: new URL(gateway.url).port } })
    await note().waitFor({ state: 'detached' })
    const before = await friend.page.getByRole('gridcell').count()
    await askForImages(gateway, mara, { model: MODEL, prompt: 'a late one' })
    await expect.poll(() => friend.page.getByRole('gridcell').count(), { timeout: 10_000 }).toBe(before + 1)
  })

  it('waits with a page whose code was not there yet, and shows it when it is', async () => {
    const { page } = friend
    await page.goto('/playground')
    // Before the others are loaded ahead.
    await page.route(/\/queue-page[^/]*\.js$/, (route) => route.abort())
    await page.route('**/api/dashboard/session', (route) => route.abort())
    const pages = page.getByRole('navigation', { name: 'Pages' })
    await pages.filter({ visible: true }).getByRole('link', { name: 'Queue', exact: true }).click()
    await note().waitFor()
    await page.unrouteAll()
    await page.getByRole('heading', { name: 'Queue', level: 1 }).waitFor()
    await note().waitFor({ state: 'detached' })
  })

  it('leads to sign-in at once when an admin shuts the person out, and says why', async () => {
    await gateway.gateway.context.people.change({ userId: mara.id, by: null, change: { disabled: true } })
    await friend.page.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: 5000 })
    await friend.page.getByText(/An admin has shut your account out/).waitFor()
  })

  it('tells it once as well when they try to sign in', async () => {
    const { page } = friend
    await page.getByLabel('E-mail').fill(mara.email)
    await page.getByLabel('Password', { exact: true }).fill(mara.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText(/An admin has shut this account out/).waitFor()
    expect(await page.getByText(/An admin has shut/).count()).toBe(1)
  })
})
