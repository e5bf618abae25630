import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { askForImages } from './ask-for-images.ts'
import { seriousOffences } from './check-accessibility.ts'
import { openVisitor, startBrowser } from './visitor.ts'

const PROMPT = 'a lighthouse in the fog'

let gateway: TestGateway
let browser: Browser
let person: TestPerson

beforeAll(async () => {
  gateway = await startTestGateway()
  const { key } = await gateway.addUser()
  await gateway.addAgent({ key, services: [{}] })
  person = await gateway.addPerson()
  await askForImages(gateway, person, { model: 'demo', prompt: PROMPT, steps: 1 })
  await gateway.drain()
  browser = await startBrowser()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await gateway?.close()
})

/** What a browser does when a page wants to copy, run before the page's own scripts. */
const BROWSERS = {
  'refuses the clipboard': `Object.defineProperty(navigator, 'clipboard', { value: {
    writeText: () => Promise.reject(new DOMException('Write permission denied.', 'NotAllowedError')) } })
    document.execCommand = () => false`,
  'has no clipboard for pages over plain HTTP': `delete Navigator.prototype.clipboard
    document.execCommand = () => false`,
  'lets a selection alone be copied': 'delete Navigator.prototype.clipboard'
}

/** The page of a browser that keeps in `copied` what it was made to copy. */
async function openPage(how: keyof typeof BROWSERS) {
  const visitor = await openVisitor(browser, { url: gateway.url, cookie: person.cookie })
  visitor.page.setDefaultTimeout(15_000)
  await visitor.page.addInitScript(
    `${BROWSERS[how]}\naddEventListener('copy', () => { window.copied = String(getSelection()) })`
  )
  return visitor
}

const copied = (page: Page) => page.evaluate<string | undefined>('window.copied')
const byHand = (page: Page) => page.getByRole('textbox', { name: 'The text to copy' })
const note = (page: Page) => page.getByText('Your browser did not let this page copy.')

describe.each(['refuses the clipboard', 'has no clipboard for pages over plain HTTP'] as const)(
  'a browser that %s',
  (how) => {
    it('is said to do so beside a button, with the text selected to be copied by hand', async () => {
      const { page, complaints, close } = await openPage(how)
      await page.goto('/keys')
      await page
        .getByRole('button', { name: /^(Create|New) .*key/ })
        .first()
        .click()
      await page.getByRole('dialog').getByLabel('Name').fill(how)
      await page
        .getByRole('dialog')
        .getByRole('button', { name: /^Create/ })
        .click()
      await page.getByRole('button', { name: 'Copy: API key' }).click()
      await note(page).waitFor()
      const secret = await byHand(page).inputValue()
      expect(secret).toMatch(/^ic_/)
      expect(await page.getByText('Copied', { exact: true }).count()).toBe(0)
      expect(await seriousOffences(page)).toEqual([])
      // The window goes alone, the dialog below it stays.
      await page.keyboard.press('Escape')
      await note(page).waitFor({ state: 'detached' })
      await page.getByRole('button', { name: 'Copy: API key' }).click()
      await note(page).waitFor()
      await page.keyboard.press('Control+c')
      await page.getByText('Copied', { exact: true }).waitFor()
      await note(page).waitFor({ state: 'detached' })
      expect(await copied(page)).toBe(secret)
      // It knows that the key was taken.
      await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      expect(complaints).toEqual([])
      await close()
    })

    it('is said to do so for what is copied from a menu', async () => {
      const { page, complaints, close } = await openPage(how)
      await page.goto('/playground')
      await page.getByRole('button', { name: 'More actions' }).first().click()
      await page.getByRole('menuitem', { name: 'Copy prompt' }).click()
      await note(page).waitFor()
      expect(await byHand(page).inputValue()).toBe(PROMPT)
      await page.keyboard.press('Control+c')
      await page.getByText('Copied the prompt').waitFor()
      expect(await copied(page)).toBe(PROMPT)
      expect(complaints).toEqual([])
      await close()
    })
  }
)

it('a browser that lets a selection alone be copied copies in a dialog as well, and stays at the button', async () => {
  const { page, close } = await openPage('lets a selection alone be copied')
  await page.goto('/playground')
  await page.getByRole('button', { name: 'More actions' }).first().click()
  await page.getByRole('menuitem', { name: 'View code' }).click()
  const button = page.getByRole('dialog').getByRole('button', { name: 'Copy', exact: true })
  await button.first().click()
  await page.getByText('Copied', { exact: true }).waitFor()
  expect(await copied(page)).toContain(PROMPT)
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Copied')
  expect(await note(page).count()).toBe(0)
  await close()
})
