import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** Every file below `objects` and `unfinished` of a data folder, by its path there. */
export async function storedFiles(dataDir: string): Promise<string[]> {
  const folders = ['objects', 'unfinished'].map((name) => join(dataDir, name))
  const entries = await Promise.all(folders.map((path) => readdir(path, { recursive: true, withFileTypes: true })))
  return entries
    .flat()
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dataDir, join(entry.parentPath, entry.name)))
    .sort()
}
