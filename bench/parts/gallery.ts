import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, createBrowser } from '../../tests/support/browser.ts'
import { runProgram, startServer } from '../../tests/support/run-program.ts'
import { median } from '../load/statistics.ts'
import { settle } from '../process-usage.ts'
import { seed } from '../seed.ts'
import type { Part } from './part.ts'

const REQUESTS = 1_000_000
const WAITING = 1000
/** Nine tenths of all are this person's. */
const PERSON = 'person-0@example.org'
/** Words of `seed-words.ts`: in every tenth prompt or so, in one of twenty thousand, in none. */
const QUESTIONS = {
  'the first page': '',
  'a common word': '?q=lighthouse',
  'a rare word': '?q=quetzal',
  'an absent word': '?q=zyxwv'
}
/** Each is asked so often, of which the median counts, in every run. */
const TIMES = 3

export const gallery: Part = {
  name: 'gallery',
  about: `the dashboard's list of requests, and words in it, among ${REQUESTS.toLocaleString('en')}`,
  run: async ({ options, record }) => {
    await using stack = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'inference-club-bench-'))
    stack.defer(() => rm(folder, { recursive: true }))
    const requests = Math.round(REQUESTS * options.scale)
    const path = join(folder, 'inference-club.sqlite')
    await seed({ path, requests, waiting: WAITING, people: 500, providers: 200, share: 0.9 })
    const env = { INFERENCE_CLUB_DATA_DIR: folder, INFERENCE_CLUB_RATE_LIMIT: '0' }
    const link = await runProgram(['users', 'link', PERSON], { env })
    const server = await startServer({ env })
    stack.defer(async () => void (await server.stop()))
    await settle({ pid: server.process.pid ?? 0 })
    const browser = await signIn(server.url, link.stdout)
    for (let run = 0; run < options.runs; run++) {
      for (const [target, query] of Object.entries(QUESTIONS)) {
        const what = `The list of requests, among ${requests.toLocaleString('en')}`
        record({ what, target, figures: await ask(browser, query) })
      }
    }
  }
}

async function signIn(url: string, link: string): Promise<Browser> {
  const browser = createBrowser({ url })
  const token = new URL(link.trim()).hash.slice(1)
  const json = { token, name: 'Somebody', email: PERSON, password: 'correct horse battery' }
  const { status, body } = await browser.call('/api/dashboard/invitations/accept', { json })
  if (status !== 200) throw new Error(`signing in: ${status} ${JSON.stringify(body)}`)
  return browser
}

interface Page {
  items: unknown[]
  next: string | null
}

/** Until the page is full or there is no more, as the page of the dashboard asks. */
async function ask(browser: Browser, query: string) {
  const took: number[] = []
  let [found, pages] = [0, 0]
  for (let time = 0; time < TIMES; time++) {
    const began = performance.now()
    found = pages = 0
    for (let after: string | null = ''; after !== null && found < 50; pages++) {
      const more: string =
        after === '' ? query : `${query}${query === '' ? '?' : '&'}cursor=${encodeURIComponent(after)}`
      const { status, body } = await browser.call<Page>(`/api/dashboard/requests${more}`)
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
      found += body.items.length
      after = body.next
    }
    took.push(performance.now() - began)
  }
  return { 'until full, ms': median(took), found, 'calls until full': pages }
}
