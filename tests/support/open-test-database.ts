import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { databasePath } from '../../src/app/open-database.ts'
import type { Database } from '../../src/db/database.ts'
import { openSqliteDatabase, type SqliteOptions } from '../../src/db/sqlite-database.ts'
import { systemClock } from '../../src/lib/clock.ts'

export interface TestDatabase extends Database {
  /** The data folder it is in. */
  dataDir: string
}

/**
 * A real database with its schema up to date, in a folder of its own that goes when it is closed; or, with `dataDir`, that of an
 * installation, beside whoever else has it open. Runs by the machine's clock, and throws what a gateway would stop for, unless said
 * otherwise.
 */
export async function openTestDatabase(
  options: Partial<Omit<SqliteOptions, 'path'>> & { dataDir?: string } = {}
): Promise<TestDatabase> {
  const { dataDir = await mkdtemp(join(tmpdir(), 'test-database-')), ...opening } = options
  const onFatal = (error: unknown) => {
    throw error
  }
  const path = databasePath({ dataDir })
  const database = await openSqliteDatabase({ clock: systemClock, onFatal, ...opening, path })
  return {
    ...database,
    dataDir,
    close: async () => {
      await database.close()
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true })
    }
  }
}
