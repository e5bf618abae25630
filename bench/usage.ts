/**
 * How fast usage is read and quotas are checked over many rows.
 *
 *   node bench/usage.ts [rows = 5000000]
 *
 * Fills a database in a temporary folder with images of one month, adds them up as the server does, leaves the last ten
 * thousand in the tail, and times questions as the API asks them.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteDatabase } from '../src/db/sqlite-database.ts'
import { systemClock } from '../src/lib/clock.ts'
import { rollUp } from '../src/usage/roll-up-store.ts'
import { countImagesSince } from '../src/usage/usage-store.ts'
import { type Dimension, sumUsage } from '../src/usage/usage-totals-store.ts'

const ROWS = Number(process.argv[2] ?? 5_000_000)
const TAIL = 10_000
const DAY_MS = 86_400_000
const END = Date.UTC(2026, 10, 1)
const START = END - 31 * DAY_MS

const folder = await mkdtemp(join(tmpdir(), 'usage-bench-'))
const path = join(folder, 'usage.sqlite')
const fail = (error: unknown) => {
  throw error
}
const database = await openSqliteDatabase({ path, clock: systemClock, onFatal: fail })

const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const began = performance.now()
  const result = await work()
  console.log(`${name.padEnd(60)} ${(performance.now() - began).toFixed(1).padStart(10)} ms`)
  return result
}

await timed(`fill ${ROWS} images`, async () => fill())
await timed(`add up all but ${TAIL}`, async () => {
  for (let left = ROWS - TAIL; left > 0; left -= 500) await rollUp(database.db, Math.min(500, left))
})

const ask = (bucketMs: number, groupBy: Dimension[], range = { start: START, end: END }) =>
  sumUsage(database.db, { ...range, bucketMs, groupBy })
for (let round = 0; round < 2; round++) {
  await timed('31 days by day', () => ask(DAY_MS, []))
  await timed('31 days by day, by model and size', () => ask(DAY_MS, ['model', 'width', 'height']))
  await timed('31 days by day, by user', () => ask(DAY_MS, ['user_id']))
  await timed('31 days by 12 hours, which the hours answer', () => ask(DAY_MS / 2, []))
  await timed('7 days by hour, by model', () => ask(3_600_000, ['model'], { start: END - 7 * DAY_MS, end: END }))
  await timed('1 day by minute', () => ask(60_000, [], { start: END - DAY_MS, end: END }))
  await timed('quota of one key over a month', () => countImagesSince(database.db, { api_key_id: 'key_7' }, START))
}
const total = (await ask(DAY_MS, [])).reduce((sum, one) => sum + one.images, 0)
console.log(`counted ${total} of ${ROWS}`)

await database.close()
await rm(folder, { recursive: true })

/** A hundred people with two keys each, eight models, four sizes, spread evenly over the month. */
function fill(): void {
  const sqlite = new DatabaseSync(path)
  sqlite.exec('pragma synchronous = off; begin')
  const insert = sqlite.prepare(
    `insert into usage_images (asset_id, request_id, user_id, api_key_id, provider_id, service_id, kind, model, width,
       height, generating_ms, created_at, first_of_request) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`
  )
  const sides = [512, 768, 1024, 1536]
  for (let row = 0; row < ROWS; row++) {
    const user = row % 100
    const side = sides[row % 4] ?? 512
    const at = START + Math.floor((row / ROWS) * (END - START))
    insert.run(
      `ast_${row}`,
      `req_${row}`,
      `usr_${user}`,
      `key_${user * 2 + (row % 2)}`,
      `prv_${row % 5}`,
      'svc_1',
      'generation',
      `model-${row % 8}`,
      side,
      side,
      4000,
      at
    )
  }
  sqlite.exec('commit')
  sqlite.close()
}
