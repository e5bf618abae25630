import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RequestDetail } from '../../src/http/dashboard/contract/requests.ts'
import {
  ROOT,
  type RunningProgram,
  type RunningServer,
  runProgram,
  startProgram,
  startServer
} from '../support/run-program.ts'
import { waitFor } from '../support/wait-for.ts'
import { describeSteps } from './describe-steps.ts'
import { openVisitor, startBrowser, type Visitor } from './visitor.ts'

const ADA = { name: 'Ada Lovelace', email: 'ada@example.org', password: 'analytical engine' }
const BEN = { name: 'Ben Okri', email: 'ben@example.org', password: 'the famished road' }
const MARA = { name: 'Mara Lind', email: 'mara@example.org', password: 'over the rainbow' }
/** Ben's machine alone serves it; the demo agent of the server serves `demo`. */
const MODEL = 'attic-painter'

let folder: string
let machine: string
let server: RunningServer
let agent: RunningProgram
let browser: Browser
let ada: Visitor
let ben: Visitor
let mara: Visitor

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-club-members-'))
  machine = join(folder, 'machine')
  await mkdir(machine)
  await symlink(join(ROOT, 'bin'), join(machine, 'bin'))
  server = await startServer({ env: { INFERENCE_CLUB_DATA_DIR: join(folder, 'data') } })
  browser = await startBrowser()
  ada = await openSomebody()
  ben = await openSomebody()
  mara = await openSomebody()
}, 60_000)

afterAll(async () => {
  await browser?.close()
  await agent?.stop()
  await server?.stop()
  await rm(folder, { recursive: true })
})

async function openSomebody(): Promise<Visitor> {
  const visitor = await openVisitor(browser, { url: server.url })
  visitor.page.setDefaultTimeout(20_000)
  return visitor
}

const button = (page: Page, name: string | RegExp) =>
  page.getByRole('button', { name, exact: typeof name === 'string' })
const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name })
const open = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click()
const inDialog = (page: Page, name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true })
const machinesOf = (page: Page) => page.getByRole('list', { name: 'Machines' })

async function enter(page: Page, person: typeof ADA, link: string, submit: string): Promise<void> {
  await page.goto(link)
  await page.getByLabel('Name').fill(person.name)
  const email = page.getByLabel('E-mail')
  if (await email.isEditable()) await email.fill(person.email)
  else expect(await email.inputValue()).toBe(person.email)
  await page.getByLabel('Password', { exact: true }).fill(person.password)
  await button(page, submit).click()
  await heading(page, new RegExp(`, ${person.name.split(' ')[0]}$`)).waitFor()
}

const modelField = (page: Page) => page.getByRole('combobox', { name: 'Model' })

async function chooseModel(page: Page, model: string): Promise<void> {
  await modelField(page).click()
  await page.getByRole('option', { name: model }).click()
}

/** Asks for one image at the playground. */
async function generate(page: Page, prompt: string, model: string): Promise<void> {
  await open(page, 'Playground')
  if ((await modelField(page).textContent()) !== model) await chooseModel(page, model)
  await page.getByLabel('Prompt', { exact: true }).fill(prompt)
  await button(page, 'Generate').click()
}

/** The request of this prompt, when its image has come. */
async function finished(page: Page, prompt: string): Promise<RequestDetail> {
  const link = page.getByRole('article', { name: prompt }).getByRole('link', { name: 'Open image 1 of 1' })
  await link.waitFor()
  return detail(page, (await link.getAttribute('href'))?.split('/').at(-1) ?? '')
}

const detail = async (page: Page, id: string): Promise<RequestDetail> =>
  (await (await page.request.get(`/api/dashboard/requests/${id}`)).json()) as RequestDetail

async function openMachine(page: Page, name: string): Promise<void> {
  await open(page, 'Network')
  await machinesOf(page).getByRole('link', { name, exact: true }).click()
  await heading(page, name).waitFor()
}

/** The images that the page of usage tells of the last 30 days, and those that the API does. */
async function usage(page: Page, path: '/usage' | '/usage?owner=all'): Promise<{ shown: number; told: number }> {
  await page.goto(path)
  const total = page.locator('dl > div').filter({ has: page.getByText('Images', { exact: true }) })
  const shown = Number(await total.getByRole('definition').first().textContent())
  const tomorrow = Math.floor(Date.now() / 86_400_000) * 86_400 + 86_400
  const answer = await page.request.get('/api/dashboard/organization/usage/images', {
    params: {
      start_time: tomorrow - 30 * 86_400,
      end_time: tomorrow,
      bucket_width: '1d',
      limit: 31,
      group_by: 'user_id'
    }
  })
  const { data } = (await answer.json()) as { data: { results: { images: number; user_id: string }[] }[] }
  const session = (await (await page.request.get('/api/dashboard/session')).json()) as { person: { id: string } }
  const results = data.flatMap((bucket) => bucket.results)
  const own = results.filter(({ user_id }) => path === '/usage?owner=all' || user_id === session.person.id)
  return { shown, told: own.reduce((sum, { images }) => sum + images, 0) }
}

/** A club of three, each step on what the one before left. */
describeSteps('a club', () => {
  it('begins with an admin, who invites somebody by a link that is shown once', async () => {
    const { page } = ada
    const [, claim = ''] = await server.printed(/Claim this installation \(once\): (\S+)/)
    await enter(page, ADA, claim, 'Take it over')
    await open(page, 'Admin')
    await page.getByRole('navigation', { name: 'Admin' }).getByRole('link', { name: 'People' }).click()
    await button(page, 'Invite').first().click()
    await page.getByLabel('E-mail (optional)').fill(BEN.email)
    await inDialog(page, 'Make a link').click()
    const link =
      (await page
        .getByRole('dialog')
        .getByText(/\/join#/)
        .textContent()) ?? ''
    await inDialog(page, 'Done').click()
    await page.reload()
    await button(page, /^Revoke: .*ben@example\.org/).waitFor()
    expect(await page.content()).not.toContain(new URL(link).hash.slice(1))

    await enter(ben.page, BEN, link, 'Join')
    await page.reload()
    await page.getByRole('row').filter({ hasText: BEN.email }).waitFor()
    await page.getByText('No invitation is open').waitFor()
    await mara.page.goto(link)
    await heading(mara.page, 'This link does not work').waitFor()
  })

  it('has the name and the picture that its admin gives it, before anybody signs in', async () => {
    const { page } = ada
    await open(page, 'Admin')
    await page.getByRole('navigation', { name: 'Admin' }).getByRole('link', { name: 'Settings' }).click()
    await page.getByLabel('Name of the club').fill('The Attic Club')
    await button(page, 'Save').click()
    await page.getByRole('link', { name: 'The Attic Club' }).waitFor()
    await waitFor(async () => (await page.title()) === 'Settings · The Attic Club')
    const picture = await sharp({ create: { width: 90, height: 60, channels: 3, background: 'teal' } })
      .jpeg()
      .toBuffer()
    await page.locator('input[type=file]').setInputFiles({ name: 'us.jpg', mimeType: 'image/jpeg', buffer: picture })
    await page.getByText('The club has a new picture').waitFor()

    await mara.page.goto('/sign-in')
    await mara.page.getByRole('banner').getByText('The Attic Club').waitFor()
    const shown = mara.page.getByRole('banner').locator('img')
    expect(await shown.getAttribute('src')).toContain('/club/picture?v=')
    await waitFor(() => mara.page.evaluate<boolean>("document.querySelector('header img').naturalWidth === 256"))
    expect(await mara.page.title()).toBe('Sign in · The Attic Club')
  })

  it('takes somebody in by a link that was made on the server', async () => {
    const { code, stdout } = await runProgram(['users', 'invite', '--email', MARA.email], {
      env: { INFERENCE_CLUB_DATA_DIR: join(folder, 'data'), INFERENCE_CLUB_PORT: new URL(server.url).port }
    })
    expect(code).toBe(0)
    await enter(mara.page, MARA, stdout.trim(), 'Join')
  })

  it('gets a machine by the command that the page shows', async () => {
    const { page } = ben
    await open(page, 'Network')
    await button(page, 'Connect a machine').click()
    await page.getByLabel('Name of the machine').fill('attic')
    await page.getByRole('combobox', { name: 'What runs on it' }).click()
    await page.getByRole('option', { name: /demo painter/ }).click()
    await inDialog(page, 'Show the command').click()
    await page.getByText('Waiting for attic…').waitFor()
    await page.getByText(/If the command has ended with an error, its last line says why/).waitFor()
    expect(await page.getByText(/counts no more/).count()).toBe(0)
    // Whoever shows it once more is told that the one before is void.
    await inDialog(page, 'Close').last().click()
    await button(page, 'Connect a machine').click()
    await page.getByLabel('Name of the machine').fill('attic')
    await page.getByRole('combobox', { name: 'What runs on it' }).click()
    await page.getByRole('option', { name: /demo painter/ }).click()
    await inDialog(page, 'Show the command').click()
    await page.getByText('The command that was shown for attic before, and was not used, counts no more.').waitFor()
    const command = (await page.getByLabel('The command', { exact: true }).textContent()) ?? ''
    const key = (await page.getByText(/^ic_\w+$/).textContent()) ?? ''
    await page.getByText('Waiting for attic…').waitFor()
    expect(command).not.toContain(key)
    expect(command).toMatch(/^bin\/inference-club agent /m)
    // In place of the shell, so that a signal reaches the agent.
    const line = command.replace(/^bin\//m, 'exec bin/')
    agent = startProgram(['-c', line], { program: 'sh', cwd: machine, input: `${key}\n` })
    await page.getByText('attic is connected').waitFor()
    await page.getByText('It serves demo.').waitFor()
    // There is nothing left to paste, and no key to be seen.
    expect(await page.getByLabel('The command', { exact: true }).count()).toBe(0)
    await inDialog(page, 'Done').click()
    await machinesOf(page).getByRole('listitem').filter({ hasText: 'attic' }).getByText('Yours').waitFor()
  })

  it('has a model of its own when the machine’s file says so', async () => {
    const file = join(machine, 'attic.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(
      file,
      text.replace('- id: "demo"', `- id: ${MODEL}`).replace(/^( *)engine: .*$/m, '$&\n$1options: { step_time: 5ms }')
    )
    agent.process.kill('SIGHUP')
    await agent.printed(new RegExp(`"models":\\["${MODEL}"\\],"msg":"online"`))
    await ben.page.reload()
    await machinesOf(ben.page).getByText(MODEL).waitFor()
  })

  it('has the machine of a member serve others once an admin has let it in', async () => {
    await ben.page.getByText('Waiting for approval').first().waitFor()
    await openMachine(ada.page, 'attic')
    await button(ada.page, 'Approve').click()
    await button(ada.page, 'Trust now').waitFor()
  })

  it('lets a member make images on the machine of another', async () => {
    await generate(ada.page, 'a mill by a stream', 'demo')
    await generate(ben.page, 'a paper boat', MODEL)
    await generate(mara.page, 'a comet over the hills', MODEL)
    const { attempts } = await finished(mara.page, 'a comet over the hills')
    expect(attempts.map(({ provider }) => provider)).toEqual(['attic'])
    await finished(ada.page, 'a mill by a stream')
    await finished(ben.page, 'a paper boat')
  })

  it('lets the owner block whom they do not want to serve, and take it back', async () => {
    await openMachine(ben.page, 'attic')
    const users = ben.page.getByRole('region', { name: /^Used by/ })
    await users
      .getByRole('listitem')
      .filter({ hasText: MARA.name })
      .getByText(/^1 image, last/)
      .waitFor()
    // Her page asks every five seconds which models there are for her, and has not yet.
    const models = '**/api/dashboard/models'
    const listed = await mara.page.request.get(new URL('/api/dashboard/models', mara.page.url()).href)
    const body = await listed.text()
    await mara.page.route(models, (route) => route.fulfill({ contentType: 'application/json', body }))
    await button(users.page(), `Block ${MARA.name}`).click()
    await inDialog(ben.page, 'Block').click()
    await ben.page.getByRole('region', { name: 'Blocked' }).getByText(MARA.name).waitFor()

    await generate(mara.page, 'a second comet', MODEL)
    await mara.page.getByText(`The owner of the provider that serves '${MODEL}' does not serve your account.`).waitFor()
    expect(await mara.page.getByRole('article', { name: 'a second comet' }).count()).toBe(0)
    await mara.page.unroute(models)

    await button(ben.page, `Unblock ${MARA.name}`).click()
    await ben.page.getByRole('region', { name: 'Blocked' }).waitFor({ state: 'detached' })
    await button(mara.page, 'Generate').click()
    await finished(mara.page, 'a second comet')
  })

  it('leaves a paused machine alone, until it is resumed', async () => {
    // What nobody has chosen is the usual one of those that are online.
    await open(mara.page, 'Playground')
    await chooseModel(mara.page, MODEL)
    await button(ben.page, 'Pause').click()
    await ben.page.getByText('Paused', { exact: true }).waitFor()
    await generate(mara.page, 'a field of sunflowers', MODEL)
    const card = mara.page.getByRole('article', { name: 'a field of sunflowers' })
    await card.getByText('Queued', { exact: true }).waitFor()
    await open(ben.page, 'Network')
    await machinesOf(ben.page)
      .getByRole('listitem')
      .filter({ hasText: 'attic' })
      .getByText('Paused', { exact: true })
      .waitFor()
    expect(await card.getByText('Queued', { exact: true }).count()).toBe(1)

    await openMachine(ben.page, 'attic')
    await button(ben.page, 'Resume').click()
    await button(ben.page, 'Pause').waitFor()
    await finished(mara.page, 'a field of sunflowers')
  })

  it('holds a member to the limit that an admin sets', async () => {
    const { page } = ada
    await page.goto('/admin/people')
    await button(page, `Actions for ${MARA.name}`).click()
    await page.getByRole('menuitem', { name: 'Limits' }).click()
    await page.getByLabel('Images a day').fill('3')
    await inDialog(page, 'Save').click()
    await page.getByRole('row').filter({ hasText: MARA.email }).getByText('3 a day').waitFor()

    const reason = /^You may make 3 images a day, and they are made or on their way/
    await mara.page.getByRole('status').filter({ hasText: reason }).waitFor()
    expect(await button(mara.page, 'Generate').getAttribute('aria-disabled')).toBe('true')
  })

  it('counts what everybody made', async () => {
    expect(await usage(ada.page, '/usage?owner=all')).toEqual({ shown: 5, told: 5 })
    expect(await usage(ada.page, '/usage')).toEqual({ shown: 1, told: 1 })
    expect(await usage(mara.page, '/usage')).toEqual({ shown: 3, told: 3 })
    // What is everybody's is not for members, whatever their address says.
    expect(await usage(mara.page, '/usage?owner=all')).toEqual({ shown: 3, told: 3 })
  })

  it('lets somebody go with all they made, and goes on counting it', async () => {
    const { page } = ben
    await open(page, 'Playground')
    const mine = await finished(page, 'a paper boat')
    await open(mara.page, 'Playground')
    const other = await finished(mara.page, 'a second comet')
    const status = async ({ images }: RequestDetail, size = '') =>
      (await ada.page.request.get(`/api/inference/assets/${images[0]?.id}/${size}`)).status()
    expect([await status(mine), await status(mine, '?width=256'), await status(other)]).toEqual([200, 200, 200])

    await page.goto('/account')
    await button(page, 'Delete my account').click()
    expect(await inDialog(page, 'Delete my account').isDisabled()).toBe(true)
    await page.getByRole('dialog').getByRole('textbox').fill(BEN.email)
    await inDialog(page, 'Delete my account').click()
    await page.getByText('Your account is deleted').waitFor()

    await waitFor(async () => (await status(mine)) === 404, 20_000)
    await waitFor(async () => (await status(mine, '?width=256')) === 404, 20_000)
    expect(await status(other)).toBe(200)
    const { code, stderr } = await agent.ended
    expect([code, stderr]).toEqual([1, expect.stringContaining('API key')])
    await page.getByLabel('E-mail').fill(BEN.email)
    await page.getByLabel('Password', { exact: true }).fill(BEN.password)
    await button(page, 'Sign in').click()
    await page.getByText('The e-mail address or the password is not right.').waitFor()

    expect(await usage(ada.page, '/usage?owner=all')).toEqual({ shown: 5, told: 5 })
    await open(ada.page, 'Network')
    await machinesOf(ada.page).getByRole('link', { name: 'demo', exact: true }).waitFor()
    expect(await machinesOf(ada.page).getByText('attic').count()).toBe(0)
  })

  it('had nothing to complain about but what was refused', () => {
    const complaints = [ada, ben, mara].flatMap((visitor) => visitor.complaints)
    expect(complaints.filter((text) => !/401|404|429/.test(text))).toEqual([])
  })
})
