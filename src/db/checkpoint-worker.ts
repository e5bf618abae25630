import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** Moves the write-ahead log into the database file, away from the event loop, each time it is told to. */
const { path } = workerData as { path: string }
const database = new DatabaseSync(path, { timeout: 5000 })
database.exec('pragma synchronous = normal')

parentPort?.on('message', () => {
  database.exec('pragma wal_checkpoint(passive)')
  parentPort?.postMessage('done')
})
