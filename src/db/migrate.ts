import { Migrator } from 'kysely/migration'
import type { Db } from './database.ts'
import { MIGRATIONS } from './migrations/index.ts'

/** Brings the schema up to date. Throws when a migration fails, or when the database is newer than this program. */
export async function migrate(db: Db): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => MIGRATIONS },
    // `002-jobs-completed` came after later ones had run; those that come next build on it.
    allowUnorderedMigrations: true
  })
  const { error } = await migrator.migrateToLatest()
  if (error) throw new Error('The database could not be brought up to date.', { cause: error })
}
