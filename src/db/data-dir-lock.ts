import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '../lib/folders.ts'

export class DataDirInUse extends Error {}

/** A command that looks whether the folder is locked holds it for less than this. */
const WAIT_FOR_LOOKS_MS = 100
const SQLITE_BUSY = 5

const pathIn = (dataDir: string): string => join(dataDir, 'gateway.lock')

/**
 * Makes sure that one gateway at a time runs on a data folder. The lock is an open exclusive transaction on a file of
 * its own, so the operating system takes it back however the process ends. Returns what releases it.
 * Throws `DataDirInUse`.
 */
export async function lockDataDir(dataDir: string): Promise<() => void> {
  await makeFolder(dataDir)
  const lock = new DatabaseSync(pathIn(dataDir), { timeout: WAIT_FOR_LOOKS_MS })
  try {
    lock.exec('pragma journal_mode = delete; begin exclusive')
  } catch (error) {
    lock.close()
    if (!isBusy(error)) throw error
    throw new DataDirInUse(`Another gateway is running on ${dataDir}. Stop it, or set INFERENCE_CLUB_DATA_DIR.`)
  }
  return () => lock.close()
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

const isBusy = (error: unknown): boolean => (error as { errcode?: number }).errcode === SQLITE_BUSY
