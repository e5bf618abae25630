import { readdir, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { LOCK_FILE } from '../db/data-dir-lock.ts'
import { makeFolder } from '../lib/folders.ts'
import { STORE_FOLDERS } from '../storage/disk-store.ts'
import { DATABASE_FILE } from './open-database.ts'

/** What a start makes in a data folder; SQLite takes its own away but that which has the name. */
const FILES = [DATABASE_FILE, `${DATABASE_FILE}-wal`, `${DATABASE_FILE}-shm`, LOCK_FILE]

export interface FirstStart {
  /**
   * To be called when the folder is locked. Returns what takes the files away that this start has made, to be called while the
   * folder is still locked, so that nobody else's are among them.
   */
  findRemoval(): Promise<() => Promise<void>>
  /** Takes the folders away that this start has made, as far as they are empty; to be called last. */
  removeFolders(): Promise<void>
  /** From here on nothing is taken away. */
  succeed(): void
}

/**
 * Makes the data folder. A start that fails before there is an installation is to leave nothing behind: neither what would pass for
 * one, nor anything older than it or of somebody else taken away. What cannot be removed stays, for why the start failed is told.
 */
export async function beginFirstStart(dataDir: string): Promise<FirstStart> {
  const made = await makeFolder(dataDir)
  const older = await listNames(dataDir)
  let isOver = false
  return {
    findRemoval: async () => {
      // Another start may have succeeded meanwhile.
      const names = await listNames(dataDir)
      return async () => {
        if (isOver || !older || !names || names.includes(DATABASE_FILE)) return
        const isOurs = (name: string) => !older.includes(name)
        for (const name of STORE_FOLDERS.filter(isOurs)) await removeEmpty(join(dataDir, name))
        for (const name of FILES.filter(isOurs)) await rm(join(dataDir, name), { force: true }).catch(() => undefined)
      }
    },
    removeFolders: async () => {
      if (isOver) return
      for (const folder of made.toReversed()) await removeEmpty(folder)
    },
    succeed: () => {
      isOver = true
    }
  }
}

/** Undefined when the folder cannot be read: then nobody knows what is older. */
const listNames = (folder: string): Promise<string[] | undefined> => readdir(folder).catch(() => undefined)

const removeEmpty = (folder: string): Promise<void> => rmdir(folder).catch(() => undefined)
