import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { DAY_MS } from '../../src/lib/durations.ts'
import { callDashboard } from '../support/dashboard-calls.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { askForImages } from './ask-for-images.ts'
import { seriousOffences } from './check-accessibility.ts'
import { visit } from './dashboard-pages.ts'
import { describeSteps } from './describe-steps.ts'
import { openVisitor, startBrowser, type Visitor } from './visitor.ts'

let gateway: TestGateway
let browser: Browser
let [ada, gina, fred]: TestPerson[] = []
let [admin, owner, friend]: Visitor[] = []
/** The id of a request of the friend's that was canceled. */
let lostKite: string

beforeAll(async () => {
  gateway = await startTestGateway({ strangers: true })
  ada = await gateway.addPerson({ role: 'admin', name: 'Ada Lovelace' })
  gina = await gateway.addPerson({ name: 'Gina Tell' })
  fred = await gateway.addPerson({ name: 'Fred Amund' })
  browser = await startBrowser()
  const open = ({ cookie }: TestPerson) => openVisitor(browser, { url: gateway.url, cookie })
  ;[admin, owner, friend] = [await open(ada), await open(gina), await open(fred)]
  for (const { page } of [admin, owner, friend]) page.setDefaultTimeout(15_000)
}, 60_000)

afterAll(async () => {
  await browser.close()
  await gateway.close()
})

const change = (by: TestPerson, path: string, init: Parameters<TestGateway['call']>[1] = { method: 'POST' }) =>
  callDashboard(gateway, by, path, init)
const shows = async (page: Page, path: string, ...texts: (string | RegExp)[]) => {
  await visit(page, path)
  for (const text of texts) await page.getByText(text).first().waitFor()
  expect(await seriousOffences(page)).toEqual([])
}

const images = (page: Page) => page.getByRole('textbox', { name: 'Images', exact: true })
const generate = (page: Page, state: { disabled?: boolean } = {}) =>
  page.getByRole('button', { name: /^Generate/, ...state })
/** By what a button is described, as a screen reader says it; null: by nothing. */
const reasonOf = async (button: Locator): Promise<string | null> => {
  const id = await button.getAttribute('aria-describedby')
  return id === null ? null : button.page().locator(`[id="${id}"]`).textContent()
}
const reasonBeside = (page: Page) => reasonOf(generate(page))
const NONE_LEFT = /^You may make 3 images a day, and they are made or on their way\./

/** How a club looks to those who join while it has nothing yet, each step on what the one before left. */
describeSteps('a club that begins', () => {
  it('says first that a machine has to be connected, where there is none', async () => {
    const { page } = admin!
    await shows(page, '/', 'Getting started')
    expect((await page.getByRole('main').getByRole('listitem').allTextContents())[0]).toMatch(/^Connect your GPU/)
    await page.getByRole('main').getByRole('link', { name: 'Connect a machine' }).waitFor()
    await shows(page, '/playground', 'No machine is connected yet')
  })

  it('tells a friend whose machine waits for whom, and counts it nowhere as one that is ready', async () => {
    const { key } = await gateway.addKey(gina!, { scopes: ['agent'] })
    await gateway.addAgent({
      key,
      name: 'gina-rig',
      services: [{ models: [{ id: 'demo', servedAs: 'demo', features: ['generate'] }] }]
    })
    const { page } = friend!
    await shows(
      page,
      '/playground',
      'A machine waits for an admin’s approval',
      /Ask an admin to let Gina Tell’s gina-rig in\./
    )
    await shows(page, '/', '1 not ready')
    await shows(page, '/network', '1 not ready')
    await shows(owner!.page, '/', 'online')
  })

  it('tells the owner of a new machine in numbers what it is given', async () => {
    const id = (await gateway.gateway.context.providers.listProviders())[0]?.id ?? ''
    expect((await change(ada!, `providers/${id}/approve`)).status).toBe(200)
    await shows(
      owner!.page,
      `/network/${id}`,
      'New here: of others’ images it is given 20 an hour, until it has delivered 20 of them and a day has passed.'
    )
    expect((await change(gina!, `providers/${id}/drain`)).status).toBe(200)
    await shows(friend!.page, '/playground', 'The machines here are paused', /tell Gina Tell, whose machine gina-rig/)
    await shows(friend!.page, '/', '1 not ready')
    lostKite = await askForImages(gateway, fred!, { model: 'demo', prompt: 'a lost kite' })
    expect((await change(fred!, `jobs/${lostKite}/cancel`)).status).toBe(200)
    await shows(owner!.page, '/playground', /It is your machine gina-rig: resume it/)
    expect((await change(gina!, `providers/${id}/resume`)).status).toBe(200)
  })

  it('shows a friend their own limits before they meet them, and no seed where a model knows none', async () => {
    const limits = { imagesPerDay: 3, imagesPerMonth: null, maxActive: null, maxPixels: null, models: null }
    expect((await change(ada!, `people/${fred!.id}`, { method: 'PATCH', json: { limits } })).status).toBe(200)
    await askForImages(gateway, fred!, { model: 'demo', prompt: 'a kite' })
    await gateway.drain()
    const { page } = friend!
    await shows(page, '/usage', 'Your limits', '1 of 3', /^2 left until/)
    await visit(page, '/playground')
    await page.getByRole('article', { name: 'a kite' }).getByRole('link', { name: 'Open image 1 of 1' }).waitFor()
    expect(await page.getByRole('button', { name: 'Vary seed' }).count()).toBe(0)
    expect(await page.getByText(/\bseed \d/).count()).toBe(0)
  })

  it('sends nothing for a friend that their limits refuse, and says beside the button why', async () => {
    const { page } = friend!
    const sent: string[] = []
    page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()))
    await images(page).fill('3')
    await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('many kites')
    await generate(page, { disabled: true }).waitFor()
    expect(await reasonBeside(page)).toMatch(
      /^You may make 3 images a day and have 2 left until .*: 3 at once are refused\.$/
    )
    expect(await seriousOffences(page)).toEqual([])
    await images(page).press('Control+Enter')
    await generate(page).press('Enter')
    await images(page).fill('2')
    await generate(page, { disabled: false }).waitFor()
    expect([sent, await reasonBeside(page)]).toEqual([[], null])
    await images(page).press('Control+Enter')
    await page.getByRole('article', { name: 'many kites' }).getByRole('link', { name: 'Open image 2 of 2' }).waitFor()
    await images(page).fill('1')
    await generate(page, { disabled: true }).waitFor()
    expect(await reasonBeside(page)).toMatch(NONE_LEFT)
  })

  it('sends nothing with the other buttons that ask for images either, and says why on each', async () => {
    const { page } = friend!
    const sent: string[] = []
    page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()))
    const button = (prompt: string, name: string) =>
      page.getByRole('article', { name: prompt }).getByRole('button', { name, exact: true, disabled: true })
    for (const resting of [button('many kites', 'Again'), button('a lost kite', 'Try again')]) {
      await resting.waitFor()
      expect(await reasonOf(resting)).toMatch(NONE_LEFT)
      await resting.press('Enter')
    }
    const told = page.getByRole('dialog').filter({ hasText: 'Nothing was sent' })
    expect(await told.first().textContent()).toMatch(/You may make 3 images a day/)
    await visit(page, `/requests/${lostKite}`)
    const retry = page.getByRole('button', { name: 'Retry', disabled: true })
    await retry.waitFor()
    expect(await reasonOf(retry)).toMatch(NONE_LEFT)
    await page.getByText(NONE_LEFT).filter({ visible: true }).waitFor()
    expect(await seriousOffences(page)).toEqual([])
    await retry.press('Enter')
    expect(sent).toEqual([])
  })

  it('lets them go on when the day has ended, without the page being loaded anew', async () => {
    const { page, close, complaints } = await openVisitor(browser, { url: gateway.url, cookie: fred!.cookie })
    page.setDefaultTimeout(15_000)
    await page.clock.install()
    await visit(page, '/playground')
    await generate(page, { disabled: true }).waitFor()
    let asked = 0
    // No answer: on the server it is the same day still.
    await page.route('**/api/dashboard/account', () => void asked++)
    await page.clock.fastForward(DAY_MS - (Date.now() % DAY_MS) + 60_000)
    await generate(page, { disabled: false }).waitFor()
    await waitFor(() => asked > 0)
    expect(complaints).toEqual([])
    await close()
  })

  it('says why a member is not where the address led', async () => {
    await friend!.page.goto('/admin/settings')
    await friend!.page.getByText('That page is for admins').waitFor()
  })

  it('had nothing to complain about', () => {
    expect([admin, owner, friend].flatMap((one) => one!.complaints)).toEqual([])
  })
})
