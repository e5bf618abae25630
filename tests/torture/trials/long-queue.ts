import { DatabaseSync } from 'node:sqlite'
import { sleep } from '../../../src/lib/async.ts'
import { MOST_REQUESTS } from '../../../src/batches/batches.ts'
import { databaseFile } from '../../support/in-flight.ts'
import { MODEL } from '../../support/process-site.ts'
import { waitFor } from '../../support/wait-for.ts'
import { get } from '../audit-site.ts'
import { startTorturedSite, type TorturedSite } from '../tortured-site.ts'
import type { Trial } from '../trial.ts'

const QUEUED = 100_000
/** Of the time, for handing in; what is not in by then does not come. */
const FILLING = 0.7
const LISTS = ['/v1/jobs', '/v1/jobs?active=1&limit=200', '/v1/jobs?status=QUEUED', '/v1/batches']
/** For 19 in 20: a machine that others use as well now and then makes anything wait. */
const MOST_LIST_MS = 200
const JUDGED = 0.95
const ROUNDS = 25
/** How much slower images may be made than with an empty queue, on a machine that others use as well. */
const MOST_SLOWER = 2

/** Very many images wait; lists and dispatch must be as fast as ever, and so must a start. */
export const longQueue: Trial = {
  name: 'long-queue',
  weight: 5,
  run: async (parts) => {
    const most = { QUEUE_PER_USER: '1000000', QUEUE_TOTAL: '1000000' }
    const site = await startTorturedSite(parts, {
      imageMs: [0, 1],
      failOneIn: 0,
      slots: 4,
      gatewayEnv: Object.fromEntries(
        Object.entries(most).map(([name, value]) => [`INFERENCE_CLUB_LIMITS_${name}`, value])
      )
    })
    try {
      const measureMs = Math.max(2000, (parts.seconds * 1000 * (1 - FILLING)) / 4)
      const wrong: string[] = []
      await submitBatch(site, 'warming up')
      await waitFor(() => countTasks(site, 'queued') === 0, 60_000)
      const before = await imagesPerSecond(site, measureMs, { filled: () => submitBatch(site, 'before') })
      const filledBy = performance.now() + parts.seconds * 1000 * FILLING
      for (let number = 0; site.accepted.length < QUEUED && performance.now() < filledBy; number++) {
        await submitBatch(site, `batch ${number}`)
      }
      const waiting = countTasks(site, 'queued')
      const lists = await measureLists(site)
      const after = await imagesPerSecond(site, measureMs, { filled: async () => undefined })
      const told = lists.map((list) => `${at(list, 0.5)}–${at(list, JUDGED)}`).join(', ')
      const slow = lists.filter((list) => at(list, JUDGED) > MOST_LIST_MS)
      wrong.push(...slow.map((list) => `${list.path} takes ${at(list, JUDGED)} ms`))
      if (after * MOST_SLOWER < before) wrong.push(`${after} images/s, ${before} before`)

      const inFlight = countTasks(site, 'running')
      await site.gateway.kill()
      const began = performance.now()
      await site.gateway.start()
      const startMs = Math.round(performance.now() - began)
      const done = countTasks(site, 'succeeded')
      await waitFor(() => countTasks(site, 'succeeded') > done, 30_000)
      const verdict = await site.conclude(
        `${waiting} queued, lists ${told} ms, ` +
          `${before} images/s before and ${after} after, started in ${startMs} ms`,
        { mayWait: () => true, mostRemakes: inFlight + 16, mostOrphans: inFlight + 16 }
      )
      return { ...verdict, wrong: [...wrong, ...verdict.wrong] }
    } finally {
      await site.remove()
    }
  }
}

async function submitBatch(site: TorturedSite, name: string): Promise<void> {
  const item = (number: number) => ({
    endpoint: '/v1/images/generations',
    body: { model: MODEL, size: '64x64', prompt: `${name} ${number}` }
  })
  const response = await fetch(`${site.url}/v1/batches`, {
    method: 'POST',
    headers: { authorization: `Bearer ${site.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ requests: Array.from({ length: MOST_REQUESTS }, (_, number) => item(number)) })
  })
  if (response.status !== 202) throw new Error(`a batch is answered ${response.status}: ${await response.text()}`)
  const { jobs } = (await response.json()) as { jobs: { id: string }[] }
  site.accepted.push(...jobs.map(({ id }, number) => ({ id, n: 1, prompt: `${name} ${number}` })))
}

function countTasks({ dataDir }: TorturedSite, state: string): number {
  const database = new DatabaseSync(databaseFile(dataDir), { readOnly: true, timeout: 5000 })
  try {
    return Number(database.prepare('select count(*) as count from tasks where state = ?').get(state)?.count)
  } finally {
    database.close()
  }
}

/** While there is work: until there is none, or for so long. */
async function imagesPerSecond(
  site: TorturedSite,
  forMs: number,
  { filled }: { filled: () => Promise<void> }
): Promise<number> {
  await filled()
  const [began, at] = [countTasks(site, 'succeeded'), performance.now()]
  while (performance.now() - at < forMs && countTasks(site, 'queued') > 0) await sleep(50)
  return Math.round(((countTasks(site, 'succeeded') - began) / (performance.now() - at)) * 1000)
}

interface ListTimes {
  path: string
  /** Milliseconds, ascending. */
  took: number[]
}

const at = ({ took }: ListTimes, share: number): number => took[Math.floor((took.length - 1) * share)]!

async function measureLists(site: TorturedSite): Promise<ListTimes[]> {
  const times = LISTS.map((path): ListTimes => ({ path, took: [] }))
  for (let round = 0; round < ROUNDS; round++) {
    for (const { path, took } of times) {
      const began = performance.now()
      const response = await get(site, path)
      if (response.status !== 200) throw new Error(`${path} is answered ${response.status}`)
      await response.arrayBuffer()
      took.push(Math.round(performance.now() - began))
    }
  }
  for (const { took } of times) took.sort((a, b) => a - b)
  return times
}
