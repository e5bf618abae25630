import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { inBackground } from '../lib/async.ts'
import type { Clock } from '../lib/clock.ts'
import type { Fault } from '../lib/fault.ts'
import { makeFolder, syncFolder } from '../lib/folders.ts'
import { freeBytesAt } from '../lib/free-bytes.ts'
import { createLocalBell } from './bell.ts'
import { logBytes, startCheckpointer } from './checkpointer.ts'
import type { Database } from './database.ts'
import { migrate } from './migrate.ts'
import { createSqliteKysely } from './sqlite-kysely.ts'
import { watchOtherWriters } from './other-writers.ts'
import { createSqliteShim } from './sqlite-shim.ts'
import { createWalSync, type WalSync } from './wal-sync.ts'

const BUSY_TIMEOUT_MS = 5000
const CACHE_BYTES = 16 * 1024 ** 2
/** Of the write-ahead log; see `startCheckpointer`. */
const MAX_LOG_BYTES = 256 * 1024 ** 2
/** What is left of a log file that has grown, when the log begins anew: room that need not be found again. */
const KEPT_OF_LOG = 1 / 4

/** By primary code: SQLITE_BUSY, SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL and SQLITE_CANTOPEN. */
const FAULTS = new Map<number, Fault>([
  [5, 'database'],
  [8, 'storage'],
  [10, 'storage'],
  [13, 'storage'],
  [14, 'database']
])
/** SQLITE_IOERR_FSYNC. */
const SYNC_FAILED = 1034

export interface SqliteOptions {
  path: string
  clock: Clock
  /** How large the write-ahead log may grow before writers are held for a moment. */
  maxLogBytes?: number
  /** A gateway runs on it: the schema is to stay as that one knows it. */
  isInUse?: boolean
  /** Called when the disk refuses to sync the log: the process must stop. */
  onFatal: (error: unknown) => void
  /** Called when something failed that loses nothing and is tried again: a look at the database, a move of its log. */
  onError?: (error: unknown) => void
  /** For tests that hold the disk back. */
  syncFile?: (fd: number) => Promise<void>
}

/** Opens, and on first use makes, the database file, and brings its schema up to date. */
export async function openSqliteDatabase(options: SqliteOptions): Promise<Database> {
  const maxLogBytes = options.maxLogBytes ?? MAX_LOG_BYTES
  await makeFolder(dirname(options.path))
  await using opened = new AsyncDisposableStack()
  const sqlite = opened.use(new DatabaseSync(options.path, { timeout: BUSY_TIMEOUT_MS }))
  sqlite.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on')
  sqlite.exec('pragma wal_autocheckpoint = 0; pragma temp_store = memory')
  // Full after a thousand images: the system keeps the rest of the file in memory that others can have.
  sqlite.exec(`pragma cache_size = -${CACHE_BYTES / 1024}`)
  sqlite.exec(`pragma journal_size_limit = ${Math.round(maxLogBytes * KEPT_OF_LOG)}`)
  // A write transaction that changes nothing makes sure that the log file exists before it is opened for syncing.
  sqlite.exec('begin immediate; pragma user_version = 1; commit')

  let refusedAt: number | undefined
  const note = (error: unknown) => {
    if (faultOf(error)) refusedAt = options.clock.now()
  }
  const db = await createSqliteKysely(createSqliteShim(sqlite, () => walSync.committed(), note))
  opened.defer(() => db.destroy())
  const walSync: WalSync = await createWalSync({
    walPath: `${options.path}-wal`,
    onFailure: options.onFatal,
    ...(options.syncFile && { syncFile: options.syncFile })
  })
  opened.defer(() => walSync.close())
  const requireInPlace = await rememberFiles([options.path, `${options.path}-wal`])
  await migrate(db, { dataDir: dirname(options.path), isInUse: options.isInUse ?? false })
  await syncFolder(dirname(options.path))

  const bell = createLocalBell()
  const dataVersion = sqlite.prepare('pragma data_version')
  let seen = dataVersion.get()?.data_version
  const otherWriters = watchOtherWriters({
    logPath: `${options.path}-wal`,
    look: () => {
      try {
        const current = dataVersion.get()?.data_version
        if (current !== seen) bell.ringAll()
        seen = current
      } catch (error) {
        // A disk that cannot be read now may be readable in a moment; the bell is only a hint.
        options.onError?.(error)
      }
    }
  })
  opened.defer(() => otherWriters.close())
  opened.defer(() => walSync.durable())
  const checkpointer = startCheckpointer({
    path: options.path,
    maxLogBytes,
    // There is one connection, so whoever has it keeps everybody else from writing.
    holdWriters: (work) => db.connection().execute(work),
    onError: (error) => {
      options.onError?.(new Error('The log of the database cannot be moved and grows meanwhile.', { cause: error }))
      if (errcodeOf(error) !== SYNC_FAILED) return
      // It may have been the log's, which is for its own file to say.
      walSync.committed()
      inBackground(walSync.durable(), options.onFatal)
    }
  })
  opened.defer(() => checkpointer.close())
  const open = opened.move()

  return {
    db,
    clock: options.clock,
    openedAt: options.clock.now(),
    bell,
    durable: () => walSync.durable(),
    findFault: faultOf,
    refusedAt: () => refusedAt,
    size: async () => (await stat(options.path)).size + (await logBytes(options.path)),
    freeBytes: () => freeBytesAt(dirname(options.path)),
    logSize: () => logBytes(options.path),
    requireInPlace,
    close: () => open.disposeAsync()
  }
}

/** Gives what throws when one of these files has been removed, or another is in its place. */
async function rememberFiles(paths: readonly string[]): Promise<() => Promise<void>> {
  const identify = async (path: string) => {
    const { dev, ino } = await stat(path)
    return `${dev} ${ino}`
  }
  const opened = await Promise.all(paths.map(identify))
  return async () => {
    // What cannot be looked at is not there.
    const now = await Promise.all(paths.map((path) => identify(path).catch(() => undefined)))
    if (now.some((file, index) => file !== opened[index])) {
      throw new Error('The files of the database have been removed or replaced while they are in use.')
    }
  }
}

const faultOf = (error: unknown): Fault | undefined => FAULTS.get(errcodeOf(error) & 0xff)

const errcodeOf = (error: unknown): number => (error as { errcode?: number } | undefined)?.errcode ?? 0
