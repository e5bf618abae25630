import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type PathProxy, startPathProxy } from '../support/path-proxy.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { openVisitor, startBrowser } from './visitor.ts'

let browser: Browser
let proxy: PathProxy
let gateway: TestGateway

beforeAll(async () => {
  proxy = await startPathProxy('/our/club', { strip: true })
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_PUBLIC_URL: proxy.url } })
  proxy.setTarget(gateway.url)
  const { key } = await gateway.addUser()
  await gateway.addAgent({ key, services: [{}] })
  browser = await startBrowser()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await gateway?.close()
  await proxy?.close()
})

it('the dashboard works below a path of a host that has others', async () => {
  const person = await gateway.addPerson({ name: 'Ada Lovelace' })
  const { page, complaints, close } = await openVisitor(browser, { url: proxy.url })
  page.setDefaultTimeout(15_000)
  const path = () => new URL(page.url()).pathname
  const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  const picture = page.locator('main img[src*="/api/inference/assets/"]').first()

  // A page that needs somebody sends to the sign-in, which comes back to it.
  await page.goto(`${proxy.url}/network?view=models`)
  await page.getByLabel('E-mail').fill(person.email)
  await page.getByLabel('Password', { exact: true }).fill(person.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await heading('Network')
  expect(page.url()).toBe(`${proxy.url}/network?view=models`)

  await page.getByRole('link', { name: 'Playground', exact: true }).click()
  await heading('Playground')
  expect(path()).toBe('/our/club/playground')
  await page.getByLabel('Prompt', { exact: true }).fill('a red fox')
  await page.getByRole('button', { name: 'Generate', exact: true }).click()
  // Told by the event stream, shown as a thumbnail.
  await page.getByRole('article', { name: 'a red fox' }).getByRole('link', { name: 'Open image 1 of 1' }).click()
  await picture.waitFor()
  expect(path()).toMatch(/^\/our\/club\/requests\/req_/)
  await page.reload()
  await picture.waitFor()
  expect(new URL((await picture.getAttribute('src')) ?? '', page.url()).pathname).toMatch(/^\/our\/club\/api\//)

  await page.goto(`${proxy.url}/docs`)
  await page.getByText('/v1/images/generations').first().waitFor()
  expect(proxy.strays).toEqual([])
  expect(complaints).toEqual([])
  await close()
}, 60_000)
