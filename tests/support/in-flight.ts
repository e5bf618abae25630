import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export const databaseFile = (dataDir: string): string => join(dataDir, 'inference-club.sqlite')

/** Tasks that agents work on, or hold the image of, as the database has it: of one agent, or of all. */
export function readInFlight(file: string, of: { agent?: string; orAssignedSince?: number } = {}): string[] {
  const database = new DatabaseSync(file, { timeout: 5000 })
  try {
    return database
      .prepare(
        `select attempts.task_id as task from attempts join providers on providers.id = attempts.provider_id
         where (attempts.state in ('running', 'lapsed') or attempts.assigned_at >= :since)
         and (:agent is null or providers.name = :agent)`
      )
      .all({ agent: of.agent ?? null, since: of.orAssignedSince ?? Number.MAX_SAFE_INTEGER })
      .map((row) => String(row.task))
  } finally {
    database.close()
  }
}

/** How often the unluckiest of the images that are not finished has been lost. */
export function readMostLosses(dataDir: string): number {
  const database = new DatabaseSync(databaseFile(dataDir), { timeout: 5000 })
  try {
    const row = database.prepare(`select max(losses) as most from tasks where state in ('queued', 'running')`).get()
    return Number(row?.most ?? 0)
  } finally {
    database.close()
  }
}

/** What was in flight at a gateway that was killed, read from a copy: opening the files themselves would tidy them up. */
export async function readInFlightAtDeath(dataDir: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'inference-club-dead-'))
  try {
    for (const end of ['', '-wal']) {
      await copyFile(databaseFile(dataDir) + end, databaseFile(folder) + end)
    }
    return readInFlight(databaseFile(folder))
  } finally {
    await rm(folder, { recursive: true })
  }
}
