import { type Kysely, sql } from 'kysely'

const DAY_MS = 86_400_000
const MAX_COUNT = 1_000_000
/** 2^53 - 1. */
const MAX_EXACT = 9_007_199_254_740_991
/** The end of the year 9999. */
const LATEST_TIME = 253_402_300_799_999

/** What was taken before numbers had bounds, brought to what is possible: nothing could read the largest of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const atMost = (table: string, column: string, most: number) =>
    sql`update ${sql.table(table)} set ${sql.ref(column)} = ${sql.lit(most)} where ${sql.ref(column)} > ${sql.lit(most)}`.execute(
      db
    )

  await atMost('services', 'timeout_ms', DAY_MS)
  await atMost('services', 'images_per_hour', MAX_COUNT)
  await atMost('services', 'images_per_user_hour', MAX_COUNT)
  await atMost('attempts', 'generating_ms', DAY_MS)
  await atMost('usage_images', 'generating_ms', DAY_MS)
  for (const table of ['usage_hours', 'usage_days']) {
    const most = sql`images * ${sql.lit(DAY_MS)}`
    await sql`update ${sql.table(table)} set generating_ms = ${most} where generating_ms > ${most}`.execute(db)
  }
  await atMost('assets', 'seed', MAX_EXACT)
  await atMost('tasks', 'seed', MAX_EXACT)
  await atMost('api_keys', 'expires_at', LATEST_TIME)
  await atMost('api_keys', 'rate_limit', MAX_COUNT)
  for (const table of ['users', 'api_keys']) {
    for (const column of ['images_per_day', 'images_per_month', 'max_active', 'max_pixels']) {
      await atMost(table, column, MAX_EXACT)
    }
  }
}
