import { type Kysely, sql } from 'kysely'

const DIMENSIONS = ['user_id', 'api_key_id', 'provider_id', 'model', 'kind', 'width', 'height'] as const
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** What rows that are older than a column should have in it, and got its default. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await countRequests(db)
  // Whose limits what waits is held against.
  await sql`update tasks set api_key_id = (select api_key_id from requests where requests.id = tasks.request_id)
    where api_key_id = ''`.execute(db)
  await vouchForAddresses(db)
}

interface FirstImage extends Record<(typeof DIMENSIONS)[number], string | number> {
  asset_id: string
  rolled_up: number
  created_at: number
}

/** Requests whose images are all older than `first_of_request` are counted in no total. */
async function countRequests(db: Kysely<unknown>): Promise<void> {
  const dimensions = sql.join(DIMENSIONS.map((name) => sql.ref(name)))
  const { rows } = await sql<FirstImage>`select asset_id, rolled_up, created_at, ${dimensions} from (
      select *, row_number() over (partition by request_id order by created_at, asset_id) as place
      from usage_images
      where request_id in (select request_id from usage_images group by request_id having max(first_of_request) = 0)
    ) as images where place = 1`.execute(db)
  for (const image of rows) {
    await sql`update usage_images set first_of_request = 1 where asset_id = ${image.asset_id}`.execute(db)
    if (image.rolled_up !== 1) continue
    const same = sql.join(
      DIMENSIONS.map((name) => sql`${sql.ref(name)} = ${image[name]}`),
      sql` and `
    )
    for (const [table, unit, unitMs] of [
      ['usage_hours', 'hour', HOUR_MS],
      ['usage_days', 'day', DAY_MS]
    ] as const) {
      const start = image.created_at - (image.created_at % unitMs)
      await sql`update ${sql.table(table)} set requests = requests + 1
        where ${sql.ref(unit)} = ${start} and ${same}`.execute(db)
    }
  }
}

/**
 * Whoever is older than signing in was made by a command of the server, whose operator vouched for the address, and has
 * not been changed since. `004-people` says so only since it was edited.
 */
async function vouchForAddresses(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ timestamp: string }>`select timestamp from kysely_migration
    where name = '004-people'`.execute(db)
  const signingInSince = Date.parse(rows[0]?.timestamp ?? '')
  if (Number.isNaN(signingInSince)) return
  await sql`update users set email_verified = 1 where email_verified = 0 and email <> 'admin@localhost'
    and created_at < ${signingInSince} and updated_at = created_at and deleted_at is null`.execute(db)
}
