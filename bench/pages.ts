/**
 * How soon the dashboard's pages are there in a real browser: first paint, largest paint, and nothing loading any more, each
 * in a fresh profile (nothing cached).
 *
 *   node bench/pages.ts [data dir]
 *
 * On an installation of its own with a few pictures, or on the given folder, such as `bench/seed.ts` made one; whoever has
 * most requests there looks as an admin.
 */
import type { Page } from 'playwright-core'
import { visit } from '../tests/e2e/dashboard-pages.ts'
import { setStage } from '../tests/e2e/stage.ts'
import { unpackBrowser } from '../tests/e2e/browser-files.ts'
import { openVisitor, startBrowser } from '../tests/e2e/visitor.ts'
import { startTestGateway } from '../tests/support/test-gateway.ts'

const PAGES = [
  '/',
  '/playground',
  '/requests',
  '/queue',
  '/network',
  '/usage',
  '/keys',
  '/admin/people',
  '/admin/system'
]
const ROUNDS = 3

const dataDir = process.argv[2]
const opened = dataDir === undefined ? await openStage() : await openFolder(dataDir)
await unpackBrowser()
const browser = await startBrowser()

console.log(
  'page'.padEnd(16),
  'first paint'.padStart(12),
  'largest paint'.padStart(14),
  'settled'.padStart(9),
  'ms, medians'
)
for (const path of PAGES) {
  const rounds: Times[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const { page, close } = await openVisitor(browser, opened)
    rounds.push(await measure(page, path))
    await close()
  }
  const median = (name: keyof Times) => Math.round(rounds.map((one) => one[name]).sort((a, b) => a - b)[1] ?? NaN)
  const figures = [median('first'), median('largest'), median('settled')].map(String)
  console.log(path.padEnd(16), figures[0]?.padStart(12), figures[1]?.padStart(14), figures[2]?.padStart(9))
}
await browser.close()
await opened.close()
process.exit(0)

interface Times {
  first: number
  largest: number
  settled: number
}

async function measure(page: Page, path: string): Promise<Times> {
  await page.addInitScript(`
    new PerformanceObserver((list) => (window.largest = list.getEntries().at(-1).startTime)).observe({
      type: 'largest-contentful-paint',
      buffered: true
    })`)
  const began = performance.now()
  await visit(page, path)
  const settled = performance.now() - began
  // Paints are told some frames after they were.
  await page.waitForTimeout(300)
  const first = await page.evaluate<number>(
    'performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN'
  )
  return { first, largest: await page.evaluate<number>('window.largest ?? NaN'), settled }
}

async function openStage() {
  const { url, ada, close } = await setStage()
  return { url, cookie: ada.cookie, close }
}

async function openFolder(folder: string) {
  const gateway = await startTestGateway({ dataDir: folder })
  const { database } = gateway
  const { id } = await database.db
    .selectFrom('requests')
    .innerJoin('users', 'users.id', 'requests.user_id')
    .select(['users.id', (e) => e.fn.countAll<number>().as('requests')])
    .groupBy('users.id')
    .orderBy('requests', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  await database.db.updateTable('users').set({ role: 'admin' }).where('id', '=', id).execute()
  return { url: gateway.url, cookie: await gateway.signIn({ id }), close: () => gateway.close() }
}
