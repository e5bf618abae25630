/**
 * How fast the dashboard's lists are read, and how long each keeps everything else from running.
 *
 *   node bench/dashboard.ts [requests = 100000] [data dir]
 *
 * Seeds a database with that many requests, nine tenths of them one person's, and as many waiting images as a gateway
 * takes; in a temporary folder, or to be used again in the one given. Every question is asked twice: what is told is the
 * second time and the longest pause of both. A list that looks for something rare is asked on from page to page until
 * it is full or at its end, as the pages do.
 */
import { loadConfig } from '../src/config/config.ts'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSqliteDatabase } from '../src/db/sqlite-database.ts'
import {
  presentDetail as presentProviderDetail,
  presentProvider
} from '../src/http/dashboard/providers/present-provider.ts'
import { presentDetail, presentSummary } from '../src/http/dashboard/requests/present-request.ts'
import { systemClock } from '../src/lib/clock.ts'
import { createNetwork } from '../src/network/network.ts'
import { createProviderStore } from '../src/providers/provider-store.ts'
import { listFilterOptions } from '../src/request-views/list-filter-options.ts'
import { listQueue } from '../src/request-views/list-queue.ts'
import { searchWords } from '../src/lib/match-words.ts'
import { queueOutlooks } from '../src/request-views/queue-outlook.ts'
import type { RequestSearch } from '../src/request-views/search-requests.ts'
import { searchSummaries } from '../src/request-views/search-summaries.ts'
import { viewRequest } from '../src/request-views/view-request.ts'
import { seed, seedProvider, seedUser } from './seed.ts'

const REQUESTS = Number(process.argv[2] ?? 100_000)
const kept = process.argv[3]
const WAITING = 100_000

const folder = kept ?? (await mkdtemp(join(tmpdir(), 'dashboard-bench-')))
const path = join(folder, 'inference-club.sqlite')
if (!existsSync(path)) {
  const began = performance.now()
  await seed({ path, requests: REQUESTS, waiting: WAITING, people: 500, providers: 200, share: 0.9 })
  console.log(`seeded ${REQUESTS} + ${WAITING} waiting in ${((performance.now() - began) / 1000).toFixed(0)} s`)
}
const onFatal = (error: unknown) => {
  throw error
}
const database = await openSqliteDatabase({ path, clock: systemClock, onFatal })
const providers = createProviderStore(database, loadConfig({}).offering)
const parts = { database, providers, limits: loadConfig({}).limits }
const userId = seedUser(0)
const owner = { id: userId, name: 'Somebody' }
const loop = monitorEventLoopDelay({ resolution: 1 })
loop.enable()

console.log('question                                        ms   ms CPU   longest pause, ms   found   pages')
const measure = async (name: string, ask: () => Promise<{ found: number; pages: number }>) => {
  let answer = { found: 0, pages: 0 }
  let [ms, cpuMs] = [0, 0]
  loop.reset()
  for (let round = 0; round < 2; round++) {
    await sleep(20)
    const [began, cpu] = [performance.now(), process.cpuUsage()]
    answer = await ask()
    const { user, system } = process.cpuUsage(cpu)
    ms = performance.now() - began
    cpuMs = (user + system) / 1000
    await sleep(20)
  }
  const numbers = [ms.toFixed(1).padStart(8), cpuMs.toFixed(1).padStart(8), (loop.max / 1e6).toFixed(1).padStart(19)]
  console.log(name.padEnd(41), ...numbers, String(answer.found).padStart(7), String(answer.pages).padStart(7))
}

/** As many as a page holds, however many short pages that takes. */
async function fill(search: Omit<RequestSearch, 'limit'>, limit = 50) {
  let after = search.after
  for (let found = 0, pages = 1; ; pages++) {
    const page = await searchSummaries(parts, { ...search, after, limit: limit - found })
    JSON.stringify(page.views.map((view) => presentSummary(view, { owner, queue: page.outlooks.get(view.request.id) })))
    found += page.views.length
    after = page.next
    if (!after || found === limit) return { found, pages }
  }
}

const mine = (search: Omit<RequestSearch, 'limit'> = {}) => fill({ userId, ...search })
const words = (text: string) => ({ words: searchWords(text) })
const count = Number(
  (
    await database.db
      .selectFrom('requests')
      .select((e) => e.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n
)
const middle = await database.db
  .selectFrom('requests')
  .select(['id', 'created_at'])
  .where('user_id', '=', userId)
  .orderBy('created_at', 'desc')
  .orderBy('id', 'desc')
  .offset(Math.floor(count / 2))
  .limit(1)
  .executeTakeFirstOrThrow()
const providerId = seedProvider(7)
const to = middle.created_at

await measure('nothing, for a second', async () => {
  await sleep(1000)
  return { found: 0, pages: 0 }
})
await measure('first page', () => mine())
await measure('first page of 200', () => fill({ userId }, 200))
await measure('page in the middle', () => mine({ after: middle }))
await measure('until the middle', () => mine({ to }))
await measure('status failed', () => mine({ states: ['failed'] }))
await measure('status running (none)', () => mine({ states: ['running'] }))
await measure('status active', () => mine({ states: ['queued', 'running'] }))
await measure('common model', () => mine({ model: 'sdxl' }))
await measure('rare model', () => mine({ model: 'seldom' }))
await measure('rare model, failed', () => mine({ model: 'seldom', states: ['failed'] }))
await measure('kind variation', () => mine({ kind: 'variation' }))
await measure('unknown kind', () => mine({ kind: 'none' }))
await measure('provider', () => mine({ providerId }))
await measure('unknown provider', () => mine({ providerId: 'none' }))
await measure('common word', () => mine(words('FOX')))
await measure('rare word', () => mine(words('quetzal')))
await measure('rare word, not of ASCII', () => mine(words('äpfel')))
await measure('two common words and a rare one', () => mine(words('fox lighthouse quetzal')))
await measure('absent word', () => mine(words('zyxwv')))
await measure('absent word, one call', async () => {
  const { views } = await searchSummaries(parts, { userId, ...words('zyxwv'), limit: 50 })
  return { found: views.length, pages: 1 }
})
await measure('everything together', () =>
  mine({ ...words('fox'), model: 'sdxl', kind: 'edit', states: ['succeeded'], providerId, to })
)
await measure("everybody's first page", () => fill({}))
await measure("everybody's failed", () => fill({ states: ['failed'] }))
await measure("everybody's of a rare model", () => fill({ model: 'seldom' }))
await measure("everybody's of a provider", () => fill({ providerId }))
await measure("everybody's with a rare word", () => fill(words('quetzal')))

for (const [name, whose] of [
  ['queue of one', userId],
  ["everybody's queue", undefined]
] as const) {
  await measure(name, async () => {
    const { views, outlooks } = await listQueue(parts, { userId: whose, limit: 200 })
    JSON.stringify(views.map((view) => presentSummary(view, { owner, queue: outlooks.get(view.request.id) })))
    return { found: views.length, pages: 1 }
  })
}
await measure('detail', async () => {
  const view = await viewRequest(parts, middle.id)
  const queue = (await queueOutlooks(parts, [view])).get(middle.id)
  JSON.stringify(presentDetail(view, { owner, queue, key: null, looks: [], readerId: userId }))
  return { found: 1, pages: 1 }
})
await measure('filters', async () => {
  const { models } = await listFilterOptions(parts, {
    userId,
    email: 'person-0@example.org',
    emailVerified: true,
    role: 'member'
  })
  return { found: models.length, pages: 1 }
})
// A network of its own each time, or the figures of the first would be told again.
const admin = { userId, role: 'admin' as const, email: 'admin@example.org', emailVerified: true }
const config = loadConfig({})
await measure('network', async () => {
  const { providers: all } = await createNetwork(database, config.offering, config.limits).list(admin)
  JSON.stringify(all.map(presentProvider))
  return { found: all.length, pages: 1 }
})
await measure('one provider', async () => {
  JSON.stringify(
    presentProviderDetail(await createNetwork(database, config.offering, config.limits).view(admin, providerId), admin)
  )
  return { found: 1, pages: 1 }
})

loop.disable()
await database.close()
if (kept === undefined) await rm(folder, { recursive: true })
