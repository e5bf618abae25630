import { afterAll, beforeAll, expect, it } from 'vitest'
import { generate } from '../support/image-calls.ts'
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts'
import { seriousOffences } from './check-accessibility.ts'
import { DESKTOP, openVisitor, PHONE, startBrowser } from './visitor.ts'

let gateway: TestGateway
let browser: Awaited<ReturnType<typeof startBrowser>>
beforeAll(async () => {
  gateway = await startTestGateway({ env: { INFERENCE_CLUB_PUBLIC_PAGE: '1' } })
  browser = await startBrowser()
}, 60_000)
afterAll(async () => {
  await browser.close()
  await gateway.close()
})
/** No form is wider than the picture above it. */
const FITS = `[...document.querySelectorAll('details[open] select')].every((one) => one.getBoundingClientRect().right <= one.closest('figure').getBoundingClientRect().right)`

it('a stranger reports a public picture without any script, an admin takes it down, and its owner reads why', async () => {
  const owner = await gateway.addUser()
  const admin = await gateway.addPerson({ role: 'admin' })
  await gateway.addAgent({ key: owner.key, services: [{ concurrency: 4 }] })
  const { request_id: id } = await generate(owner.client, { visibility: 'PUBLIC', n: 2 })
  const stranger = await openVisitor(browser, { url: gateway.url, theme: 'light', viewport: DESKTOP })
  await stranger.page.goto('/public')
  await stranger.page.getByText('Report', { exact: true }).first().click()
  await stranger.page.getByRole('combobox').first().selectOption('person')
  await stranger.page.getByRole('textbox').first().fill('It is me')
  expect(await seriousOffences(stranger.page)).toEqual([])
  expect(await stranger.page.evaluate<boolean>(FITS)).toBe(true)
  await stranger.page.getByRole('button', { name: 'Report to the admins' }).first().click()
  await stranger.page.getByText('Thank you').waitFor()
  expect(stranger.complaints).toEqual([])
  await stranger.close()
  const look = await openVisitor(browser, { url: gateway.url, theme: 'dark', viewport: PHONE, cookie: admin.cookie })
  await look.page.goto('/admin/reports')
  await look.page.getByText('It is me').waitFor()
  expect(await seriousOffences(look.page)).toEqual([])
  expect(await look.page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width)
  await look.page.getByRole('button', { name: 'Take down…' }).click()
  await look.page.getByRole('button', { name: 'Take down', exact: true }).click()
  await look.page.getByRole('button', { name: 'Lift' }).waitFor()
  await look.close()
  const own = await openVisitor(browser, {
    url: gateway.url,
    theme: 'light',
    viewport: DESKTOP,
    cookie: await gateway.signIn(owner)
  })
  await own.page.goto(`/requests/${id}`)
  await own.page.getByText('An admin has taken this down').waitFor()
  expect(own.complaints).toEqual([])
  await own.close()
}, 60_000)
