import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { MeasureStream } from '../storage/measure-stream.ts'
import { type ObjectStore, StoreUnavailable } from '../storage/object-store.ts'

/**
 * The SHA-256 of what is stored, read to its end, as lower-case hex; undefined when it is gone, or cannot be read though it can be
 * opened, as of a disk with a fault in one place. Throws `StoreUnavailable` when it cannot even be opened.
 */
export async function hashOf(store: Pick<ObjectStore, 'open'>, key: string): Promise<string | undefined> {
  const stored = await store.open(key)
  if (!stored) return undefined
  const measure = new MeasureStream(Infinity)
  try {
    await pipeline(stored, measure, new Writable({ write: (_chunk, _encoding, done) => done() }))
  } catch (error) {
    if (error instanceof StoreUnavailable) return undefined
    throw error
  }
  return measure.result().sha256
}
