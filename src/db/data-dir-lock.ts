import { randomUUID } from 'node:crypto'
import { access, constants, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '../lib/folders.ts'
import { DataDirUnusable } from './data-dir-unusable.ts'

export class DataDirInUse extends DataDirUnusable {}

/** A command that looks whether the folder is locked holds it for less than this. */
const WAIT_FOR_LOOKS_MS = 100
/** Somebody holds the lock, or the file system answered ENOLCK, which SQLite tells in the same way. */
const SQLITE_BUSY = 5
/** What SQLite makes of other answers to a call for a lock: SQLITE_PERM, SQLITE_IOERR_RDLOCK, SQLITE_IOERR_LOCK. */
const LOCK_REFUSED = new Set([3, 2314, 3850])

export const LOCK_FILE = 'gateway.lock'
const MOVE_LOCK_FILE = 'storage-move.lock'
const pathIn = (dataDir: string): string => join(dataDir, LOCK_FILE)

/**
 * Makes sure that one gateway at a time runs on a data folder. The lock is an open exclusive transaction on a file of
 * its own, so the operating system takes it back however the process ends. Returns what releases it.
 * Throws `DataDirInUse`, and `DataDirUnusable` where files cannot be locked. `lockFile` is for tests.
 */
export async function lockDataDir(dataDir: string, lockFile = lockWithSqlite): Promise<() => void> {
  await makeFolder(dataDir)
  if (!(await stat(dataDir)).isDirectory()) {
    throw new DataDirUnusable(`${dataDir} is a file, and no folder: set INFERENCE_CLUB_DATA_DIR to a folder.`)
  }
  // SQLite would only say that it cannot open a file.
  await access(dataDir, constants.W_OK | constants.X_OK)
  try {
    return lockFile(pathIn(dataDir))
  } catch (error) {
    if (isBusy(error) && (await locksFiles(dataDir, lockFile))) {
      throw new DataDirInUse(`Another gateway is running on ${dataDir}. Stop it, or set INFERENCE_CLUB_DATA_DIR.`)
    }
    if (!isBusy(error) && !LOCK_REFUSED.has(errcodeOf(error))) throw error
    throw new DataDirUnusable(
      `The file system of ${dataDir} does not lock files, as some network shares, so nothing would keep two gateways ` +
        'apart: set INFERENCE_CLUB_DATA_DIR to a folder on a disk of this machine.',
      { cause: error }
    )
  }
}

/** Makes sure that one process at a time moves the stored images. Returns what releases it; throws `DataDirInUse`. */
export function lockMove(dataDir: string): () => void {
  try {
    return lockWithSqlite(join(dataDir, MOVE_LOCK_FILE))
  } catch (error) {
    if (!isBusy(error)) throw error
    throw new DataDirInUse('The images are being moved already. Wait for that, or end it.')
  }
}

function lockWithSqlite(path: string): () => void {
  const lock = new DatabaseSync(path, { timeout: WAIT_FOR_LOOKS_MS })
  try {
    lock.exec('pragma journal_mode = delete; begin exclusive')
  } catch (error) {
    lock.close()
    throw error
  }
  return () => lock.close()
}

/** Whether a lock can be had there at all, of a file that nobody else knows. */
async function locksFiles(dataDir: string, lockFile: typeof lockWithSqlite): Promise<boolean> {
  const path = `${pathIn(dataDir)}-${randomUUID()}`
  try {
    lockFile(path)()
    return true
  } catch {
    return false // It is said of the real one.
  } finally {
    await rm(path, { force: true })
    await rm(`${path}-journal`, { force: true })
  }
}

/** Whether a gateway runs on the folder, as far as this process may see. It makes nothing, and takes no lock that lasts. */
export function isDataDirLocked(dataDir: string): boolean {
  let lock: DatabaseSync | undefined
  try {
    lock = new DatabaseSync(pathIn(dataDir), { timeout: 0, readOnly: true })
    lock.prepare('select count(*) from sqlite_schema').get()
    return false
  } catch (error) {
    return isBusy(error) // Where there is no file, there never was a gateway.
  } finally {
    lock?.close()
  }
}

const errcodeOf = (error: unknown): number => (error as { errcode?: number }).errcode ?? 0

const isBusy = (error: unknown): boolean => errcodeOf(error) === SQLITE_BUSY
