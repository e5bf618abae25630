/**
 * Loaded into a gateway before all else (`--import`, with `TORTURE_SYNCS` naming a file), it writes there what has been synced:
 * of the database's log up to which frame, of other files that they have been. What is not in it may be lost to a power cut.
 */
import { appendFileSync, closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { aroundSyncs } from './around-syncs.ts'

const FILE = process.env.TORTURE_SYNCS
/** Of the index of the log: https://sqlite.org/walformat.html, 2.1. */
const INDEX = { bytes: 48, lastFrame: 16, salts: 32 }

/** How much of the log is safe: so many frames, as long as it has these salts (16 hexadecimal digits). */
export interface SyncedLog {
  frames: number
  salts: string
}

export interface Synced {
  log: SyncedLog | undefined
  /** Inodes of other files and folders. */
  files: Set<number>
}

/** Of a log as it is now, synced or not; `path` is its own, beside its index. */
export function readLogState(path: string): SyncedLog {
  const index = Buffer.alloc(INDEX.bytes)
  const fd = openSync(path.replace(/-wal$/, '-shm'), 'r')
  try {
    readSync(fd, index, 0, INDEX.bytes, 0)
  } finally {
    closeSync(fd)
  }
  return { frames: index.readUInt32LE(INDEX.lastFrame), salts: index.toString('hex', INDEX.salts, INDEX.salts + 8) }
}

if (FILE !== undefined && isMainThread) {
  await aroundSyncs(async ({ fd, path, ofLog, really }) => {
    // What is written while it syncs may not be part of it.
    const line = ofLog ? Object.values(readLogState(path)).join(' ') : `${fstatSync(fd).ino}`
    await really()
    appendFileSync(FILE, `${line}\n`)
  })
}

/** What a program's environment needs for it. */
export const notingSyncs = (file: string) => ({
  env: { TORTURE_SYNCS: file },
  module: fileURLToPath(import.meta.url)
})

export async function readSynced(file: string): Promise<Synced> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  const logs = lines.filter((line) => line.includes(' '))
  const [frames, salts] = logs.at(-1)?.split(' ') ?? []
  return {
    log: salts === undefined ? undefined : { frames: Number(frames), salts },
    files: new Set(lines.filter((line) => !line.includes(' ')).map(Number))
  }
}
