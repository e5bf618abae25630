import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'

/** Databases as earlier commits of this repository left them, as SQL; each is named after the commits that ran on it. */
const FOLDERS = fileURLToPath(new URL('../older-folders', import.meta.url))
export const OLDER_FOLDERS = (await readdir(FOLDERS)).map((name) => name.replace(/\.sql$/, '')).sort()

/** The database file of a folder of data, as SQLite opens it: nothing is brought up to date. */
export const openAsItIs = (dataDir: string): DatabaseSync => new DatabaseSync(join(dataDir, 'inference-club.sqlite'))

/** Makes the database of a folder that is there one of `OLDER_FOLDERS`. */
export async function fillOlder(dataDir: string, name: string): Promise<DatabaseSync> {
  const sqlite = openAsItIs(dataDir)
  sqlite.exec(await readFile(join(FOLDERS, `${name}.sql`), 'utf8'))
  return sqlite
}
