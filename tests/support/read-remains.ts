import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createAssetStore } from '../../src/assets/asset-store.ts'
import { sweepOrphans } from '../../src/assets/sweep-orphans.ts'
import { openDiskStore } from '../../src/storage/disk-store.ts'
import { MISCOUNTS } from './find-miscounts.ts'
import { storedFiles } from './stored-files.ts'
import { databaseFile } from './in-flight.ts'
import { openTestDatabase } from './open-test-database.ts'

export interface TaskRow {
  id: string
  request_id: string
  prompt: string
  seed: number
  state: string
  current_attempt_id: string
  asset_id: string
  node_faults: number
  losses: number
  held: number
}

export interface AttemptRow {
  id: string
  task_id: string
  state: string
  reason: string | null
}

/** What is in the data folder once everything has stopped. */
export interface Remains {
  requests: { id: string; prompt: string; state: string; n: number }[]
  tasks: TaskRow[]
  attempts: AttemptRow[]
  assets: { id: string; request_id: string; kind: string; storage_key: string; bytes: number; sha256: string }[]
  usage: { asset_id: string; request_id: string }[]
  /** Where the database has miscounted what waits and runs. */
  miscounts: string[]
  /** SQLite's own opinion: `ok`. */
  integrity: string
}

export function readRemains(dataDir: string): Remains {
  const database = new DatabaseSync(databaseFile(dataDir), { readOnly: true })
  const all = <T>(sql: string) => database.prepare(sql).all() as T[]
  try {
    return {
      requests: all('select id, prompt, state, n from requests'),
      tasks: all('select tasks.*, requests.prompt from tasks join requests on requests.id = tasks.request_id'),
      attempts: all('select id, task_id, state, reason from attempts order by assigned_at'),
      assets: all('select id, request_id, kind, storage_key, bytes, sha256 from assets'),
      usage: all('select asset_id, request_id from usage_images'),
      miscounts: all<{ wrong: string }>(MISCOUNTS).map(({ wrong }) => wrong),
      integrity: String(database.prepare('pragma integrity_check').get()?.integrity_check)
    }
  } finally {
    database.close()
  }
}

/** Rows whose bytes are missing or other than they say. */
export async function findBrokenAssets(dataDir: string, { assets }: Remains): Promise<string[]> {
  const broken: string[] = []
  for (const { id, storage_key: key, bytes, sha256 } of assets) {
    const file = await readFile(join(dataDir, 'objects', key)).catch(() => undefined)
    const whole = file?.length === bytes && createHash('sha256').update(file).digest('hex') === sha256
    if (!whole) broken.push(id)
  }
  return broken
}

/** Lets the sweeper take what nobody refers to, however young; how much that was, and what is there afterwards. */
export async function sweep(dataDir: string): Promise<{ swept: number; left: string[] }> {
  const database = await openTestDatabase({ dataDir })
  try {
    const store = await openDiskStore(dataDir)
    const parts = { store, assets: createAssetStore(database), clock: { now: () => Date.now() + 1000 } }
    const sweepNow = () => sweepOrphans({ ...parts, minAgeMs: 0, quarantineMs: 0 })
    // What the first sets aside the second erases.
    const removed = (await sweepNow()).removed + (await sweepNow()).removed
    return { swept: removed, left: await storedFiles(dataDir) }
  } finally {
    await database.close()
  }
}
