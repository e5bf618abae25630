import { cp, mkdir, open, stat, truncate } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { databaseFile } from '../support/in-flight.ts'
import type { MortalProgram } from '../support/mortal-program.ts'
import { storedFiles } from '../support/stored-files.ts'
import { readLogState, readSynced, type SyncedLog } from './inside/note-syncs.ts'

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24

/**
 * What would be left of a gateway's data folder if the power went now: a copy, without what was never synced. The gateway
 * stands still for as long as that takes. Resolves with the bytes that are lost.
 */
export async function cutPower(
  gateway: MortalProgram,
  { dataDir, syncs, into }: { dataDir: string; syncs: string; into: string }
): Promise<number> {
  gateway.signal('SIGSTOP')
  try {
    await mkdir(dirname(into), { recursive: true })
    await cp(dataDir, into, { recursive: true })
    const { log, files } = await readSynced(syncs)
    let lost = await dropUnsyncedLog(`${databaseFile(into)}-wal`, log)
    for (const path of await storedFiles(dataDir)) {
      const { ino, size } = await stat(join(dataDir, path))
      if (files.has(ino)) continue
      lost += size
      await truncate(join(into, path), 0)
    }
    return lost
  } finally {
    gateway.signal('SIGCONT')
  }
}

/** https://sqlite.org/walformat.html: a header with the size of pages and the salts, then frames of a page each. */
async function dropUnsyncedLog(path: string, log: SyncedLog | undefined): Promise<number> {
  const file = await open(path, 'r+')
  try {
    const header = Buffer.alloc(HEADER_BYTES)
    await file.read(header, 0, HEADER_BYTES, 0)
    const isSame = log !== undefined && header.toString('hex', 16, 24) === log.salts
    const pageBytes = header.readUInt32BE(8)
    const frames = isSame ? log.frames : 0
    const frameBytes = FRAME_HEADER_BYTES + pageBytes
    await file.truncate(isSame ? HEADER_BYTES + frames * frameBytes : 0)
    // Behind the last frame there may be some of an older log.
    return (readLogState(path).frames - frames) * frameBytes
  } finally {
    await file.close()
  }
}
