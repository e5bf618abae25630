import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export class DataDirInUse extends Error {}

/**
 * Makes sure that one gateway at a time runs on a data folder. The lock is an open exclusive transaction on a file of
 * its own, so the operating system takes it back however the process ends. Returns what releases it.
 * Throws `DataDirInUse`.
 */
export async function lockDataDir(dataDir: string): Promise<() => void> {
  await mkdir(dataDir, { recursive: true })
  const lock = new DatabaseSync(join(dataDir, 'gateway.lock'), { timeout: 0 })
  try {
    lock.exec('pragma journal_mode = delete; begin exclusive')
  } catch (error) {
    lock.close()
    if ((error as { errcode?: number }).errcode !== 5) throw error // 5 is SQLITE_BUSY.
    throw new DataDirInUse(`Another gateway is running on ${dataDir}. Stop it, or set INFERENCE_CLUB_DATA_DIR.`)
  }
  return () => lock.close()
}
