import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import { openSqliteDatabase } from '../db/sqlite-database.ts'
import { type Clock, systemClock } from '../lib/clock.ts'

export interface OpenDatabaseOptions {
  clock?: Clock
  /** A gateway runs on it: a database that is not up to date is refused. */
  isInUse?: boolean
  /** Called when the disk refuses to keep what was promised: the process must stop. */
  onFatal: (error: unknown) => void
  /** Called when something failed that loses nothing and is tried again. */
  onError?: (error: unknown) => void
  syncFile?: (fd: number) => Promise<void>
}

/** The file that makes a folder an installation: made at the first start, and never taken away. */
export const databasePath = ({ dataDir }: Pick<Config, 'dataDir'>): string => join(dataDir, DATABASE_FILE)
export const DATABASE_FILE = 'inference-club.sqlite'

/** The database that the configuration names. */
export const openDatabase = (
  config: Pick<Config, 'dataDir'> & Partial<Pick<Config, 'databaseLogBytes'>>,
  options: OpenDatabaseOptions
): Promise<Database> =>
  openSqliteDatabase({
    ...options,
    ...(config.databaseLogBytes !== undefined && { maxLogBytes: config.databaseLogBytes }),
    path: databasePath(config),
    clock: options.clock ?? systemClock
  })
