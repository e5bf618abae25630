import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { NetworkState } from '../../src/http/dashboard/contract/network.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { type FakeOpenAIServer, startFakeOpenAIServer } from '../support/fake-openai-server.ts'
import { ROOT, type RunningProgram, startProgram } from '../support/run-program.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { describeSteps } from './describe-steps.ts'
import { openVisitor, PHONE, startBrowser, type Visitor } from './visitor.ts'

const KEY = 'sk-of-the-image-server'
const DOWN = 'The image server cannot be used, goes on when it can be'
const MODEL = 'attic-painter'

let gateway: TestGateway
let images: FakeOpenAIServer
let folder: string
let agent: RunningProgram
let browser: Browser
let ownerSession: Pick<TestPerson, 'cookie'>
let owner: Visitor
let friend: Visitor

beforeAll(async () => {
  gateway = await startTestGateway()
  images = await startFakeOpenAIServer({ requiredApiKey: KEY, knownModels: [MODEL] })
  folder = await mkdtemp(join(tmpdir(), 'inference-club-owner-'))
  browser = await startBrowser()
  const ben = await gateway.addPerson({ name: 'Ben Okri' })
  const mara = await gateway.addPerson({ name: 'Mara Lind' })
  ownerSession = ben
  const { key } = await gateway.addKey(ben, { name: 'attic', scopes: ['agent'] })
  await writeFile(
    join(folder, 'agent.yaml'),
    [
      `gateway: ${gateway.url}`,
      `api_key: ${key}`,
      'name: attic',
      'services:',
      '  - name: painter',
      '    type: image',
      '    engine: openai',
      `    url: ${images.url}`,
      '    api_key: sk-of-another-server',
      '    models:',
      `      - id: ${MODEL}`
    ].join('\n'),
    { mode: 0o600 }
  )
  owner = await openVisitor(browser, { url: gateway.url, cookie: ben.cookie })
  friend = await openVisitor(browser, { url: gateway.url, cookie: mara.cookie })
  for (const { page } of [owner, friend]) page.setDefaultTimeout(20_000)
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await agent?.stop()
  await gateway?.close()
  await images?.close()
  await rm(folder, { recursive: true })
})

const open = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click()
const card = (page: Page) => page.getByRole('list', { name: 'Machines' }).getByRole('listitem').first()
const painting = (prompt: string) => friend.page.getByRole('article', { name: prompt })
/** On its image and above it. */
const waits = (prompt: string, words: string | RegExp) => painting(prompt).getByText(words).first().waitFor()
const made = (prompt: string) => painting(prompt).getByRole('link', { name: 'Open image 1 of 1' }).waitFor()

async function ask(prompt: string): Promise<void> {
  await friend.page.getByLabel('Prompt', { exact: true }).fill(prompt)
  await friend.page.getByRole('button', { name: 'Generate', exact: true }).click()
}

/** Opens the machine's page and its dialog. */
async function setCap(images: string): Promise<void> {
  const { page } = owner
  await page.getByRole('button', { name: 'Change whom it serves' }).click()
  await page.getByLabel('And for each of them').fill(images)
  // What tells that it was saved is a dialog, too.
  const dialog = page.getByRole('dialog', { name: /^Whom/ })
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
}

/** The day of somebody whose machine serves others, each step on what the one before left. */
describeSteps('the day of an owner', () => {
  it('begins with a wrong key of the image server: told in the terminal and on the page, with what to do', async () => {
    const main = join(ROOT, 'tests/support/eager-agent-main.ts')
    agent = startProgram([main, join(folder, 'agent.yaml')], { program: process.execPath })
    await agent.printed(
      /: the image server at http:\S+ refused its API key\. Write the one that it wants.* The agent asks again/
    )
    const { page } = owner
    // So that the page need not look a second time.
    await waitFor(async () => {
      const { body } = await callDashboard<NetworkState>(gateway, ownerSession, 'network')
      return body.providers[0]?.services[0]?.warning
    })
    await page.goto('/network')
    await card(page)
      .getByText(/^Image server needs attention/)
      .waitFor()
    await card(page).getByRole('link', { name: 'attic' }).click()
    const said = page.getByText('Its agent says: “The image server refused its API key.”')
    await said.waitFor()
    // Before the figures and the charts, on a phone too.
    const viewport = page.viewportSize()
    await page.setViewportSize(PHONE)
    const figures = await page.getByText('Last 24 hours', { exact: true }).first().boundingBox()
    expect((await said.boundingBox())?.y).toBeLessThan(figures?.y ?? 0)
    if (viewport) await page.setViewportSize(viewport)
    await page.getByText(/its address, its key and the model are right in the agent’s file/).waitFor()
  })

  it('lets nobody fail by it: what is asked for waits, and is made once the key is right', async () => {
    await friend.page.goto('/playground')
    await ask('a paper boat')
    await waits('a paper boat', DOWN)
    const file = join(folder, 'agent.yaml')
    await writeFile(file, (await readFile(file, 'utf8')).replace('sk-of-another-server', KEY))
    agent.process.kill('SIGHUP')
    await made('a paper boat')
    await owner.page.getByText(/refused its API key/).waitFor({ state: 'detached' })
  })

  it('sees its image server go down and come back, and nobody has to ask again', async () => {
    const { url } = images
    await images.close()
    // Nobody has to fail by it first.
    await open(owner.page, 'Network')
    const status = card(owner.page).getByText('Online, makes no images now')
    await status.waitFor()
    // On a phone nothing of it is cut off.
    const viewport = owner.page.viewportSize()
    await owner.page.setViewportSize(PHONE)
    expect(await status.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0)
    if (viewport) await owner.page.setViewportSize(viewport)
    await ask('a comet over the hills')
    await waits('a comet over the hills', DOWN)
    await open(owner.page, 'Overview')
    await owner.page.getByText('1 not ready').waitFor()
    await open(owner.page, 'Network')
    await card(owner.page).getByRole('link', { name: 'attic' }).click()
    await owner.page.getByText('Its agent says: “The image server cannot be reached.”').waitFor()
    images = await startFakeOpenAIServer({
      port: Number(new URL(url).port),
      requiredApiKey: KEY,
      knownModels: [MODEL]
    })
    await made('a comet over the hills')
    await owner.page.getByText('Online, connected').waitFor()
    await owner.page.getByText(/^Image server needs attention/).waitFor({ state: 'detached' })
  })

  it('sets what each may have within an hour: who has had it reads until when they wait, and no estimate', async () => {
    await setCap('2')
    await owner.page
      .getByText('Others may have 2 images each within an hour. They had 2 within the last hour.')
      .waitFor()
    await ask('one more')
    await waits(
      'one more',
      /^The owner's limit per hour for each person is reached, goes on at (?:\d+ \w+ \d{4}, )?\d\d:\d\d at the earliest$/
    )
    expect(await painting('one more').textContent()).not.toMatch(/left|done in|next in line/i)
    const page = await friend.page.context().newPage()
    await page.goto(new URL('/requests', friend.page.url()).href)
    await page.getByRole('gridcell').filter({ hasText: 'one more' }).getByRole('link').click()
    const note = page
      .getByRole('status')
      .filter({ hasText: /^The owner's limit per hour for each person is reached, goes on at / })
    await note.waitFor()
    await page.close()
  })

  it('lifts it, and the one who waited is served', async () => {
    await setCap('')
    await owner.page.getByText('Others may have as many images as they like.').waitFor()
    await made('one more')
  })

  it('fails somebody, who reads at once whom to tell', async () => {
    images.setBehaviour({ default: 'error_oom' })
    await ask('one too hard')
    await painting('one too hard')
      .getByText('Retry it. If it fails again, tell Ben Okri, whose machine attic tried it.')
      .waitFor()
    images.setBehaviour({ default: 'ok' })
  })

  it('pauses the machine, which everybody sees', async () => {
    const { page } = owner
    await page.getByRole('button', { name: 'Change whom it serves' }).click()
    await page.getByRole('checkbox', { name: 'Pause it' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await page.getByText('You have paused it: it takes no work.').waitFor()
    await open(friend.page, 'Network')
    await card(friend.page).getByText('Paused', { exact: true }).waitFor()
  })

  it('had nothing to complain about', () => {
    expect([...owner.complaints, ...friend.complaints]).toEqual([])
  })
})
