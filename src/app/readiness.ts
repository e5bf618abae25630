import { randomBytes } from 'node:crypto'
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { remember } from '../lib/remember.ts'
import type { Context } from './context.ts'

/** Anybody may ask, as often as they like: the disks are written at most so often while all is well. */
const TRUE_FOR_MS = 1000
const ANSWER_WITHIN_MS = 3000
/** More than a disk that is full has left in a block somewhere. */
const PROBE_BYTES = 64 * 1024
const PROBE = 'readiness'

export interface ReadinessParts extends Pick<Context, 'database' | 'store' | 'config'> {
  answerWithinMs?: number
}

/**
 * Gives what throws when requests cannot be served: when bytes cannot be written, read back and removed where the database
 * and where the images are, or when that takes too long. Folders of images that somebody has removed are made again on the way.
 */
export function createReadiness(parts: ReadinessParts): () => Promise<void> {
  const { database, config, answerWithinMs = ANSWER_WITHIN_MS } = parts
  const probeImages = remember({
    load: () => probeStore(parts),
    forMs: parts.store.askedAtMost.probeMs,
    now: () => performance.now()
  })
  const probe = remember({
    load: async () => {
      await database.requireInPlace()
      await database.db.selectFrom('users').select('id').limit(1).execute()
      await database.durable()
      await probeFolder(config.dataDir)
      await probeImages()
    },
    forMs: TRUE_FOR_MS,
    now: () => performance.now()
  })
  return () => within(answerWithinMs, probe())
}

async function probeFolder(folder: string): Promise<void> {
  const path = join(folder, `.${PROBE}`)
  const written = randomBytes(PROBE_BYTES)
  try {
    const file = await open(path, 'w')
    try {
      await file.writeFile(written)
      await file.sync()
    } finally {
      await file.close()
    }
    requireSame(written, await readFile(path), 'the data folder')
  } finally {
    await rm(path, { force: true })
  }
}

async function probeStore({ store }: Pick<ReadinessParts, 'store'>): Promise<void> {
  const key = `${PROBE}/probe`
  const written = randomBytes(PROBE_BYTES)
  await store.put(key, Readable.from([written]), { maxBytes: PROBE_BYTES })
  const stream = await store.open(key)
  requireSame(written, stream ? await buffer(stream) : Buffer.alloc(0), 'the image store')
  await store.remove([key])
}

function requireSame(written: Buffer, read: Buffer, where: string): void {
  if (!written.equals(read)) throw new Error(`What was written to ${where} was not what was read back.`)
}

/** What is late goes on: those who ask meanwhile wait for the same. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`The disk has not answered within ${ms} ms.`)), ms)
  await Promise.race([work, late.promise]).finally(() => clearTimeout(timer))
}
