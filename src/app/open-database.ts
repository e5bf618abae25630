import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Database } from '../db/database.ts'
import { openSqliteDatabase } from '../db/sqlite-database.ts'
import { type Clock, systemClock } from '../lib/clock.ts'

export interface OpenDatabaseOptions {
  clock?: Clock
  /** Called when the disk refuses to keep what was promised: the process must stop. */
  onFatal: (error: unknown) => void
  /** Called when something failed that loses nothing and is tried again. */
  onError?: (error: unknown) => void
  syncFile?: (fd: number) => Promise<void>
}

/** The database that the configuration names. */
export const openDatabase = (
  config: Pick<Config, 'dataDir'> & Partial<Pick<Config, 'databaseLogBytes'>>,
  options: OpenDatabaseOptions
): Promise<Database> =>
  openSqliteDatabase({
    ...options,
    ...(config.databaseLogBytes !== undefined && { maxLogBytes: config.databaseLogBytes }),
    path: join(config.dataDir, 'inference-club.sqlite'),
    clock: options.clock ?? systemClock
  })
