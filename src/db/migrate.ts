import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { VERSION } from '../lib/version.ts'
import { DataDirUnusable } from './data-dir-unusable.ts'
import type { Db } from './database.ts'
import { MIGRATIONS } from './migrations/index.ts'

/**
 * Brings the schema up to date. Throws when a migration fails, and `DataDirUnusable` when the database is newer than this
 * program, or older while a gateway runs on it, which would go on with a schema that it does not know. `dataDir` is where it
 * is, for the message.
 */
export async function migrate(
  db: Db,
  { dataDir, isInUse = false }: { dataDir: string; isInUse?: boolean }
): Promise<void> {
  const executed = await listExecuted(db)
  const last = executed.filter((name) => !(name in MIGRATIONS)).at(-1)
  if (last !== undefined) {
    const known = Object.keys(MIGRATIONS).at(-1)
    throw new DataDirUnusable(
      `The data in ${dataDir} is of a later version of inference.club, whose last migration is ${last}; this is ${VERSION}, ` +
        `whose last is ${known}: start the version it was used with, or set INFERENCE_CLUB_DATA_DIR to a backup from before.`
    )
  }
  if (isInUse && Object.keys(MIGRATIONS).some((name) => !executed.includes(name))) {
    throw new DataDirUnusable(
      `An older version of inference.club is running on ${dataDir}: restart it with this one (${VERSION}), then run the command again.`
    )
  }
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => MIGRATIONS },
    // `002-jobs-completed` came after later ones had run; those that come next build on it.
    allowUnorderedMigrations: true
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw new Error('The database could not be brought up to date.', { cause: error })
}

/** The names of the migrations that ran, in their order; none in a new database. */
async function listExecuted(db: Db): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return []
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return rows.map(({ name }) => name)
}
