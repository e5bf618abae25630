/**
 * Loaded into a gateway before all else (`--import`, with `TORTURE_FAILING` naming a file), it has syncs fail as on a broken
 * disk: those of the database's log while the file says `log`, all others while it says `files`.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { aroundSyncs } from './around-syncs.ts'

const FILE = process.env.TORTURE_FAILING

const failing = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // Nothing is to fail yet.
  }
}

if (FILE !== undefined && isMainThread) {
  await aroundSyncs(async ({ ofLog, really }) => {
    if (failing(FILE) === (ofLog ? 'log' : 'files')) {
      throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO', errno: -5, syscall: 'fsync' })
    }
    await really()
  })
}

/** What a program's environment needs for it. */
export const failingSyncs = (file: string) => ({
  env: { TORTURE_FAILING: file },
  module: fileURLToPath(import.meta.url)
})
