import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { inspectImage, orientedSize } from '../images/image-inspector.ts'
import { MeasureStream } from '../storage/measure-stream.ts'
import { ObjectDamaged, type ObjectStore } from '../storage/object-store.ts'
import type { StoredFacts } from './stored-facts.ts'

/** Reads an image that is stored to its end. Throws `ImageRejected` when it is none, or not whole, and `StoreUnavailable`. */
export async function readFacts(store: Pick<ObjectStore, 'open'>, key: string): Promise<StoredFacts> {
  const stored = await store.open(key)
  if (!stored) throw new ObjectDamaged(`the bytes of ${key} are missing`)
  const inspection = inspectImage({ maxPixels: Infinity })
  const measure = new MeasureStream(Infinity)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  await pipeline(stored, inspection, measure, nowhere)
  const { mediaType, hasAlpha } = inspection.facts
  return { mediaType, hasAlpha, ...measure.result(), ...orientedSize(inspection.facts) }
}
