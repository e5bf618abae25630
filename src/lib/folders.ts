import { mkdir, open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Syncs a folder. Without it a power cut may lose the names of what was just made in it, removed from it or renamed.
 */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Makes a folder and those above it that are missing; when it resolves, they survive a power cut. One at a time: asked for
 * all of them at once, Node tries for ever where the system says of a place that exists that it does not (`/proc`). Returns
 * those that it made, the outermost first.
 */
export async function makeFolder(path: string, sync: typeof syncFolder = syncFolder): Promise<string[]> {
  const made: string[] = []
  for (const folder of await missingFolders(resolve(path))) if (await addFolder(folder, sync)) made.push(folder)
  return made
}

/**
 * Makes one folder in another that is there; when it resolves, it survives a power cut, also where it was there already: the
 * process that made it may have ended before it was synced. Returns whether it made it.
 */
export async function addFolder(folder: string, sync: typeof syncFolder = syncFolder): Promise<boolean> {
  const isMade = await mkdir(folder).then(() => true, unlessThere)
  await sync(dirname(folder))
  return isMade
}

/** The folders of a path that are not there, the outermost first. */
async function missingFolders(path: string): Promise<string[]> {
  const missing: string[] = []
  for (let folder = path; !(await isThere(folder)); folder = dirname(folder)) missing.unshift(folder)
  return missing
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return dirname(path) === path
      throw error
    }
  )

function unlessThere(error: NodeJS.ErrnoException): false {
  if (error.code !== 'EEXIST') throw error
  return false
}
