import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** How much of the write-ahead log a checkpoint has found when it began, and moved, in pages of `pageBytes`. */
export interface LogPages {
  found: number
  /** As many as were found, unless somebody still reads what was there before. */
  moved: number
  pageBytes: number
}

/** Moves the write-ahead log into the database file, away from the event loop, each time it is told to. */
const { path } = workerData as { path: string }
const database = new DatabaseSync(path, { timeout: 5000 })
database.exec('pragma synchronous = normal')
const checkpoint = database.prepare('pragma wal_checkpoint(passive)')
const pageBytes = Number(database.prepare('pragma page_size').get()?.page_size)

parentPort?.on('message', () => {
  const { log, checkpointed } = checkpoint.get() as { log: number; checkpointed: number }
  parentPort?.postMessage({ found: log, moved: checkpointed, pageBytes } satisfies LogPages)
})
