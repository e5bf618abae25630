import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HOUR_MS } from '../../src/lib/durations.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { askForImages } from './ask-for-images.ts'
import { seriousOffences } from './check-accessibility.ts'
import { describeSteps } from './describe-steps.ts'
import { visit } from './dashboard-pages.ts'
import { openVisitor, startBrowser, type Visitor } from './visitor.ts'

let gateway: TestGateway
let browser: Browser
let admin: Visitor
let member: Visitor
let mara: TestPerson

beforeAll(async () => {
  gateway = await startTestGateway()
  const ada = await gateway.addPerson({ role: 'admin', name: 'Ada Lovelace' })
  mara = await gateway.addPerson({ name: 'Mara Lind' })
  const { key } = await gateway.addKey(ada, { scopes: ['agent'] })
  await gateway.addAgent({ key, services: [{ models: [{ id: 'demo', servedAs: 'demo', features: ['generate'] }] }] })
  for (const prompt of ['a fox', 'an owl', 'a whale']) await askForImages(gateway, mara, { model: 'demo', prompt })
  await gateway.drain()
  await gateway.database.db
    .updateTable('requests')
    .set({ finished_at: Date.now() - 30 * HOUR_MS })
    .where('prompt', '!=', 'a whale')
    .execute()
  browser = await startBrowser()
  admin = await openVisitor(browser, { url: gateway.url, cookie: ada.cookie })
  member = await openVisitor(browser, { url: gateway.url, cookie: mara.cookie })
  for (const { page } of [admin, member]) page.setDefaultTimeout(15_000)
}, 60_000)

afterAll(async () => {
  await browser.close()
  await gateway.close()
})

const sweep = () => gateway.gateway.context.requests.sweep(new AbortController().signal)
const kept = async (): Promise<number> => {
  const rows = await gateway.database.db.selectFrom('requests').select('id').execute()
  return rows.length
}
const dialog = (page: Page) => page.getByRole('dialog', { name: 'Keep less than before?' })
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

describeSteps('what deletes images', () => {
  it('is not done by looking at what one could choose, nor by saving it before it is meant', async () => {
    const { page } = member
    await visit(page, '/account')
    await page.getByLabel('For how long').click()
    await page.getByRole('option', { name: 'A day' }).click()
    await page.reload()
    await page.getByRole('combobox', { name: 'For how long' }).getByText('As the club has it').waitFor()
    await page.getByLabel('For how long').click()
    await page.getByRole('option', { name: 'A day' }).click()
    await button(page, 'Save').last().click()
    await dialog(page).getByText('This deletes 2 requests of yours now').waitFor()
    expect(await seriousOffences(page)).toEqual([])
    await dialog(page).getByRole('button', { name: 'Cancel' }).click()
    await dialog(page).waitFor({ state: 'detached' })
    await sweep()
    expect(await kept()).toBe(3)
    await button(page, 'Discard').click()
    await button(page, 'Discard').waitFor({ state: 'detached' })
  })

  it('is no slip of an admin’s: what is wrong is marked, each field of it, and what is short is refused', async () => {
    const { page } = admin
    await visit(page, '/admin/settings')
    await page.getByLabel('Keep requests for').fill('30m')
    await page.getByText('30 minutes', { exact: true }).waitFor()
    await page.getByLabel('Most pixels of an image').fill('many')
    await page.getByLabel('Longest wait for an answer').fill('60')
    await button(page, 'Save').click()
    await page.getByText('Must be 0s, or between 1h and 36500d, not ‘30m’'.replace(/[‘’]/g, "'")).waitFor()
    await page.getByText(/^Must be a whole number/).waitFor()
    await page.getByText(/^Must be a duration with its unit/).waitFor()
    await page.getByText(', 3 are wrong').waitFor()
    await waitFor(() => page.evaluate<boolean>("document.activeElement.name === 'retentionMs'"))
    expect(await seriousOffences(page)).toEqual([])
    await button(page, 'Discard').click()
  })

  it('asks an admin with how much goes of how many people, and does it when it is meant', async () => {
    const { page } = admin
    await page.getByLabel('Find a setting').fill('how long requests are kept')
    await page.getByLabel('Most pixels of an image').waitFor({ state: 'detached' })
    await page.getByLabel('Keep requests for').fill('1d')
    await button(page, 'Save').click()
    await dialog(page).getByText('This deletes 2 requests of one person now').waitFor()
    expect(await seriousOffences(page)).toEqual([])
    await dialog(page).getByRole('button', { name: 'Cancel' }).click()
    await sweep()
    expect(await kept()).toBe(3)
    await button(page, 'Save').click()
    await dialog(page).getByRole('button', { name: 'Keep less' }).click()
    await page.getByText('Saved one setting').waitFor()
    await button(page, 'Reset (for ever): Keep requests for').waitFor()
    await sweep()
    expect(await kept()).toBe(1)
  })

  it('is told where the images are missed, and leads to where it is said', async () => {
    await gateway.database.db
      .updateTable('requests')
      .set({ finished_at: Date.now() - 30 * HOUR_MS })
      .execute()
    await sweep()
    const { page } = member
    for (const path of ['/requests', '/']) {
      await visit(page, path)
      await page.getByText('The club keeps images for a day; older ones are gone.').waitFor()
      expect(await seriousOffences(page)).toEqual([])
    }
    await page.getByRole('link', { name: 'What is kept' }).click()
    await page.getByText('The club keeps them for a day; the less counts.').waitFor()
    // Whoever never made any is greeted as before.
    await visit(admin.page, '/requests')
    await admin.page.getByText('No images yet').waitFor()
  })
})

it('had nothing to complain about but what was refused', () => {
  const refused = /status of 4(00|09)/
  expect([...admin.complaints, ...member.complaints].filter((text) => !refused.test(text))).toEqual([])
})
