import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { describeSteps } from './describe-steps.ts'
import { openVisitor, PHONE, startBrowser, type Visitor } from './visitor.ts'

const MODEL = 'attic-painter'
const PROMPT = 'a lighthouse in a storm'
const DOWN = 'The image server cannot be used, goes on when it can be'

let gateway: TestGateway
let images: FakeOpenAIServer
let browser: Browser
let friend: Visitor

beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_LIMITS_RETRY_DELAY: '50ms' } })
  images = await startFakeOpenAIServer({ knownModels: [MODEL] })
  // It is at it until it dies.
  images.setBehaviour({ default: { name: 'slow', until: Promise.withResolvers().promise } })
  const { key } = await gateway.addUser()
  await gateway.addAgent({
    key,
    name: 'attic',
    services: [{ engine: 'openai', url: images.url, models: [{ id: MODEL, servedAs: MODEL, features: ['generate'] }] }],
    probing: { firstPauseMs: 500, longestPauseMs: 500 }
  })
  browser = await startBrowser()
  const mara = await gateway.addPerson({ name: 'Mara Lind' })
  friend = await openVisitor(browser, { url: gateway.url, cookie: mara.cookie })
  friend.page.setDefaultTimeout(10_000)
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await gateway?.close()
  await images?.close()
})

const open = (name: string) =>
  friend.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click()
const card = () => friend.page.getByRole('article', { name: PROMPT })
const list = (title: string) => friend.page.getByRole('region', { name: title })

describeSteps('an image whose server dies in the middle of it', () => {
  it('is shown as running while it is made', async () => {
    const { page } = friend
    await page.goto('/playground')
    await page.getByLabel('Prompt', { exact: true }).fill(PROMPT)
    await page.getByRole('button', { name: 'Generate', exact: true }).click()
    await card().getByText('Running', { exact: true }).waitFor()
    await card()
      .getByText(/^Being made/)
      .waitFor()
  })

  it('waits then, which its badge, its tile and the queue say with one voice', async () => {
    await images.close()
    await card().getByText('Queued', { exact: true }).waitFor()
    await card().getByText(DOWN).first().waitFor()
    expect(
      await card()
        .getByText(/^Running$|Being made/)
        .count()
    ).toBe(0)
    await open('Queue')
    await friend.page.getByText('0 images running, 1 waiting in all').first().waitFor()
    await list('Waiting').getByText(PROMPT).waitFor()
    await list('Waiting').getByText(DOWN).filter({ visible: true }).waitFor()
    await list('Running').waitFor({ state: 'detached' })
  })

  it('is told of beside the button before one more is asked for, on a phone too, where the model is folded away', async () => {
    const { page } = friend
    await open('Playground')
    const said = () => page.locator('form').getByText(DOWN)
    await said().waitFor()
    const viewport = page.viewportSize()
    await page.setViewportSize(PHONE)
    await page.getByLabel('Model', { exact: true }).waitFor({ state: 'detached' })
    const beside = await page.getByRole('button', { name: 'Generate', exact: true }).boundingBox()
    expect((await said().boundingBox())!.y - beside!.y).toBeLessThan(150)
    // Where the model is, it is said once.
    await page.getByRole('button', { name: /^Options/ }).click()
    await page.getByLabel('Model', { exact: true }).waitFor()
    expect(await said().count()).toBe(1)
    if (viewport) await page.setViewportSize(viewport)
  })

  it('is made once the server is back, without anybody’s doing', async () => {
    images = await startFakeOpenAIServer({ port: Number(new URL(images.url).port), knownModels: [MODEL] })
    await open('Playground')
    await card().getByRole('link', { name: 'Open image 1 of 1' }).waitFor({ timeout: 20_000 })
    expect(friend.complaints).toEqual([])
  })
})
