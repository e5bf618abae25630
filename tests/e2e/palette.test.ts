import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { askForImages } from './ask-for-images.ts'
import { visit } from './dashboard-pages.ts'
import { openVisitor, PHONE, startBrowser, type Visitor } from './visitor.ts'

let gateway: TestGateway
let ada: TestPerson
let ben: TestPerson
let browser: Browser

beforeAll(async () => {
  gateway = await startTestGateway()
  ada = await gateway.addPerson({ role: 'admin', name: 'Ada Lovelace' })
  ben = await gateway.addPerson({ name: 'Ben Okri' })
  const { key } = await gateway.addUser()
  await gateway.addAgent({ key, services: [{ options: { step_time: '1ms' } }] })
  const made = (person: TestPerson, prompt: string) =>
    askForImages(gateway, person, { model: 'demo', prompt, size: '64x64', steps: 1 })
  await made(ada, 'a zeppelin over the harbour')
  await made(ben, 'a zeppelin nobody else sees')
  await gateway.drain()
  browser = await startBrowser()
}, 60_000)

afterAll(async () => {
  await browser.close()
  await gateway.close()
})

const visitors: Visitor[] = []
afterEach(async () => {
  for (const visitor of visitors.splice(0)) {
    expect(visitor.complaints).toEqual([])
    await visitor.close()
  }
})

async function open(person: TestPerson, viewport?: { width: number; height: number }): Promise<Page> {
  const visitor = await openVisitor(browser, { url: gateway.url, cookie: person.cookie, ...(viewport && { viewport }) })
  visitors.push(visitor)
  await visit(visitor.page, '/')
  return visitor.page
}

const field = (page: Page) => page.getByRole('combobox', { name: 'Search and commands' })
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })

describe('the palette', () => {
  it.each([
    ['network', 'Network'],
    ['api keys', 'API keys'],
    ['webh', 'Webhooks'],
    ['acc', 'Account']
  ])('leads by “%s” and Enter to %s', async (typed, title) => {
    const page = await open(ada)
    await page.keyboard.press('Control+k')
    await field(page).fill(typed)
    await page.getByRole('option', { name: title }).first().waitFor()
    // Actions with the same word come first.
    const names = await page.getByRole('option').allTextContents()
    const steps = names.findIndex((name) => name === title || name === `${title}Admin`)
    for (let step = 0; step < steps; step++) await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await heading(page, title).waitFor()
    await field(page).waitFor({ state: 'detached' })
  })

  it.each([
    ['new key', 'New API key'],
    ['machine', 'Connect a machine'],
    ['invite', 'Invite somebody']
  ])('does what is meant by “%s”: opens the dialog', async (typed, title) => {
    const page = await open(ada)
    await page.keyboard.press('Meta+k')
    await field(page).fill(typed)
    await page.getByRole('option', { name: title }).first().click()
    await field(page).waitFor({ state: 'detached' })
    await page.getByRole('dialog').waitFor()
    await page.goBack()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('finds one’s own images by a word, and people for admins alone', async () => {
    const page = await open(ada)
    await page.keyboard.press('Control+k')
    await field(page).fill('zeppelin')
    await page.getByRole('option', { name: /a zeppelin over the harbour/ }).waitFor()
    expect(await page.getByRole('option', { name: /nobody else/ }).count()).toBe(0)
    await field(page).fill('okri')
    await page.getByRole('option', { name: /Ben Okri/ }).click()
    await heading(page, 'Gallery').waitFor()
    await page.getByRole('link', { name: /nobody else/ }).waitFor()

    const bens = await open(ben)
    await bens.keyboard.press('Control+k')
    await field(bens).fill('ada')
    await bens.getByRole('option', { name: 'Search the gallery for “ada”' }).waitFor()
    expect(await bens.getByRole('option', { name: /Lovelace/ }).count()).toBe(0)
    await field(bens).fill('webhooks')
    await bens.getByRole('option', { name: /Search the gallery for “webhooks”/ }).waitFor()
    expect(await bens.getByRole('option', { name: 'Webhooks', exact: true }).count()).toBe(0)
  })

  it('is a button on a phone, and closes with Escape where one was', async () => {
    const page = await open(ada, PHONE)
    const button = page.getByRole('button', { name: 'Search', exact: true })
    await button.click()
    await field(page).waitFor()
    await page.keyboard.press('Escape')
    await field(page).waitFor({ state: 'detached' })
    expect(await page.evaluate<string>('document.activeElement.textContent')).toContain('Search')
  })
})

it('a question mark lists the shortcuts, and is a letter in a field', async () => {
  const page = await open(ada)
  await visit(page, '/playground')
  const prompt = page.getByLabel('Prompt', { exact: true })
  await prompt.click()
  await page.keyboard.type('why?')
  expect(await prompt.inputValue()).toBe('why?')
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  expect(await dialog.count()).toBe(0)
  await prompt.blur()
  await page.keyboard.press('?')
  await dialog.waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
})
