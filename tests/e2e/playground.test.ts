import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { RequestDetail, RequestPage } from '../../src/http/dashboard/contract/requests.ts'
import { callJson } from '../support/call-json.ts'
import { type HandWorker, startHandWorker } from '../support/hand-worker.ts'
import { plainPng } from '../support/pictures.ts'
import { startTestGateway, type TestGateway, type TestPerson } from '../support/test-gateway.ts'
import { waitFor } from '../support/wait-for.ts'
import { askForImages } from './ask-for-images.ts'
import { seriousOffences } from './check-accessibility.ts'
import { settled, visit } from './dashboard-pages.ts'
import { openVisitor, PHONE, startBrowser, type Visitor } from './visitor.ts'

const MODEL = 'by-hand'
const FEATURES = ['generate', 'edit', 'seed', 'preview'] as const

let gateway: TestGateway
let worker: HandWorker
let browser: Browser
let wide: Buffer

beforeAll(async () => {
  gateway = await startTestGateway()
  const { key } = await gateway.addUser()
  worker = await startHandWorker(gateway, {
    key,
    services: [{ concurrency: 4, models: [{ id: MODEL, features: [...FEATURES] }] }]
  })
  wide = await plainPng({ width: 64, height: 32 }, [40, 80, 160])
  browser = await startBrowser()
}, 60_000)

afterAll(async () => {
  await browser.close()
  await worker.close()
  await gateway.close()
})

const visitors: Visitor[] = []
afterEach(async () => {
  for (const visitor of visitors.splice(0)) await visitor.close()
})

async function open(person: TestPerson, viewport?: { width: number; height: number }): Promise<Page> {
  const visitor = await openVisitor(browser, { url: gateway.url, cookie: person.cookie, ...(viewport && { viewport }) })
  visitors.push(visitor)
  return visitor.page
}

const ask = (person: TestPerson, prompt: string, n = 1) => askForImages(gateway, person, { model: MODEL, prompt, n })

/** A person with finished requests of these prompts, the last one the newest. */
async function personWith(...prompts: string[]): Promise<TestPerson> {
  const person = await gateway.addPerson()
  for (const prompt of prompts) {
    await ask(person, prompt)
    await worker.finish(await worker.next())
  }
  await gateway.drain()
  return person
}

const card = (page: Page, prompt: string) => page.getByRole('article', { name: prompt })

/** Where every card and picture of the stage is, and how high the page. */
const PLACES = `JSON.stringify([
  document.documentElement.scrollHeight,
  ...[...document.querySelectorAll('article, article h3, article ul, article li')].map((one) => {
    const { x, y, width, height } = one.getBoundingClientRect()
    return [one.tagName, x, y, width, height].join(' ')
  })
])`

const COUNT_SHIFTS = `
  window.shifts = 0
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts += entry.value
  }).observe({ type: 'layout-shift' })`

it('the page of a request shows its LoRAs with their weights', async () => {
  const loras = ['film', 'ink, dry']
  const nothing = { models: [], loras: [], more_models: 0, more_loras: 0 }
  worker.agent.send({
    ...{ type: 'service.inventory', service: 'service-0' },
    ...{ ...nothing, usable_loras: [{ models: [MODEL], loras }] }
  })
  await waitFor(() => gateway.database.db.selectFrom('service_finds').select('loras').executeTakeFirst())
  const person = await gateway.addPerson()
  const id = await askForImages(gateway, person, {
    ...{ model: MODEL, prompt: 'a heron on film' },
    loras: [
      { name: 'film', weight: 0.7 },
      { name: 'ink, dry', weight: -1 }
    ]
  })
  await worker.finish(await worker.next())
  const page = await open(person)
  await visit(page, `/requests/${id}`)
  await page.getByText('film × 0.7, ink, dry × -1').waitFor()
})

describe('the results of the playground', () => {
  it.each([
    ['of the shape that was expected', undefined],
    ['of another shape', 'wide'],
    ['that did not come about', 'failed']
  ])('stay where they are when a picture comes %s', async (_what, end) => {
    const person = await personWith('the oldest', 'the second', 'the third')
    for (const viewport of [undefined, PHONE]) {
      const prompt = `what comes now ${viewport ? 'on a phone' : ''}`.trim()
      await ask(person, prompt, 2)
      const attempts = [await worker.next(), await worker.next()]
      const page = await open(person, viewport)
      await visit(page, '/playground')
      const newest = card(page, prompt)
      await newest.getByText('Running').waitFor()
      const before = await page.evaluate<string>(PLACES)
      await page.evaluate(COUNT_SHIFTS)
      for (const attempt of attempts) {
        const { attempt_id, token } = attempt
        if (end === 'failed') {
          worker.agent.send({
            type: 'attempt.failed',
            attempt_id,
            token,
            fault: 'content_rejected',
            message: 'No. '.repeat(60).trim()
          })
        } else await worker.finish(attempt, end === 'wide' ? { body: wide } : {})
      }
      if (end === 'failed') await newest.getByText('Failed').waitFor()
      else for (const place of [1, 2]) await newest.getByRole('link', { name: `Open image ${place} of 2` }).waitFor()
      await newest.getByRole('button', { name: 'Vary seed' }).waitFor()
      await settled(page)
      expect(await page.evaluate<string>(PLACES)).toBe(before)
      // The words and buttons of its own line alone; what counts as good by the common measure is 0.1.
      expect(await page.evaluate<number>('window.shifts')).toBeLessThan(0.005)
      expect(await seriousOffences(page)).toEqual([])
    }
  })

  it('show the last preview at once to whoever comes in the middle', async () => {
    const person = await gateway.addPerson()
    await ask(person, 'half done')
    const attempt = await worker.next()
    const b64_json = wide.toString('base64')
    worker.agent.send({ type: 'attempt.preview', attempt_id: attempt.attempt_id, media_type: 'image/png', b64_json })
    for (const path of ['/playground', '/requests', '/queue', '/playground']) {
      const page = await open(person)
      await page.goto(path)
      await page.locator(`img[src="data:image/png;base64,${b64_json}"]`).first().waitFor()
      await page.reload()
      await page.locator(`img[src="data:image/png;base64,${b64_json}"]`).first().waitFor()
    }
    await worker.finish(attempt)
  })

  it('are made again with the seed that was drawn, and varied with another', async () => {
    const person = await personWith('a lake')
    const newest = async (): Promise<RequestDetail> => {
      const headers = { cookie: person.cookie }
      const list = await callJson<RequestPage>(gateway, '/api/dashboard/requests', { headers })
      const path = `/api/dashboard/requests/${list.body.items[0]?.id}`
      return (await callJson<RequestDetail>(gateway, path, { headers })).body
    }
    const first = await newest()
    expect(first.parameters).not.toHaveProperty('seed')
    const page = await open(person)
    await visit(page, '/playground')
    await card(page, 'a lake').getByRole('button', { name: 'Again' }).click()
    await worker.finish(await worker.next())
    const again = await waitFor(async () => {
      const one = await newest()
      return one.id === first.id ? undefined : one
    })
    expect(again.parameters.seed).toBe(first.images[0]?.seed)
    await gateway.drain()
    await card(page, 'a lake').first().getByRole('button', { name: 'Vary seed' }).click()
    const attempt = await worker.next()
    expect(attempt.task.seed).not.toBe(first.images[0]?.seed)
    await worker.finish(attempt)
  })

  it('give back what was in the form when one of them is taken for an edit, or its settings', async () => {
    const person = await personWith('a lake', 'a hill')
    const page = await open(person)
    await visit(page, '/playground')
    const prompt = page.getByLabel('Prompt', { exact: true })
    const sources = page.getByRole('group', { name: 'Source images' })
    const buffer = await plainPng({ width: 64, height: 32 }, [40, 80, 160])
    await page.locator('input[type=file]').first().setInputFiles({ name: 'mine.png', mimeType: 'image/png', buffer })
    await sources.getByRole('img', { name: 'Source 1: mine.png' }).waitFor()
    await prompt.fill('more sky')
    await card(page, 'a hill').getByRole('button', { name: 'Edit this image' }).first().click()
    await sources.getByRole('img', { name: 'Source 1: mine.png' }).waitFor({ state: 'detached' })
    await page.getByText('Put aside: the source image.').waitFor()
    expect(await seriousOffences(page)).toEqual([])
    await page.getByRole('button', { name: 'Undo' }).click()
    const mine = sources.getByRole('img', { name: 'Source 1: mine.png' })
    await mine.waitFor()
    // Its bytes are there still, not only its place.
    await settled(page)
    const width = `document.querySelector('img[alt="Source 1: mine.png"]').naturalWidth`
    expect(await page.evaluate<number>(width)).toBe(64)
    await page.getByRole('button', { name: 'Empty the form' }).click()
    await page.getByText('Put aside: the source image and the prompt.').waitFor()
    expect(await prompt.inputValue()).toBe('')
    await page.getByRole('button', { name: 'Undo' }).click()
    await mine.waitFor()
    expect(await prompt.inputValue()).toBe('more sky')
  })

  it('tell how an image server rewrote the prompt, and what else it did otherwise', async () => {
    const person = await gateway.addPerson()
    await ask(person, 'a boat')
    const report = { revised_prompt: 'A wooden boat on a calm lake.' }
    await worker.finish(await worker.next(), { result: { report, warnings: ['The sampler was not known.'] } })
    await gateway.drain()
    const page = await open(person)
    await visit(page, '/playground')
    await card(page, 'a boat').getByRole('button', { name: 'Prompt rewritten' }).click()
    await page.getByText('The sampler was not known.').waitFor()
    await page.getByRole('button', { name: 'Use this prompt' }).click()
    await waitFor(async () => (await page.getByLabel('Prompt', { exact: true }).inputValue()) === report.revised_prompt)
  })

  it('are deleted from their card', async () => {
    const person = await personWith('kept', 'unloved')
    const page = await open(person)
    await visit(page, '/playground')
    await card(page, 'unloved').getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Delete…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
    await card(page, 'unloved').waitFor({ state: 'detached' })
    await card(page, 'kept').waitFor()
  })
})

it('further options come into view when they are opened', async () => {
  const person = await gateway.addPerson()
  const page = await open(person, { width: 1440, height: 640 })
  await visit(page, '/playground')
  await page.getByRole('button', { name: 'More options' }).click()
  const last = page.getByLabel('Extra fields (JSON)')
  await waitFor(async () => {
    const box = await last.boundingBox()
    return box !== null && box.y + box.height < 640
  })
})
