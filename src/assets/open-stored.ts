import type { Readable } from 'node:stream'
import { errors } from '../lib/errors.ts'
import { type ByteRange, ObjectDamaged, type ObjectStore, StoreUnavailable } from '../storage/object-store.ts'
import type { UnreadableBytes } from './unreadable-bytes.ts'

export interface OpenParts {
  store: Pick<ObjectStore, 'open'>
  unreadable: UnreadableBytes
}

/**
 * Opens what a row says is there, with as many bytes as it says. Throws `storage_unavailable`, also when it is gone or has
 * another size; the stream fails when it cannot be read to its end.
 */
export async function openStored(
  { store, unreadable }: OpenParts,
  { storageKey: key, bytes, range }: { storageKey: string; bytes: number; range?: ByteRange | undefined }
): Promise<Readable> {
  try {
    const stream = await store.open(key, { bytes, ...(range && { range }) })
    if (!stream) throw new ObjectDamaged(`the bytes of ${key} are missing`)
    stream.once('error', (error) => {
      if (error instanceof StoreUnavailable) unreadable.note(key, error)
    })
    // A part says nothing of the rest.
    if (!range) stream.once('end', () => unreadable.forget(key))
    return stream
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error
    unreadable.note(key, error)
    throw error instanceof ObjectDamaged ? errors.bytesDamaged(error) : errors.storageUnavailable(error)
  }
}

export function asStorageUnavailable(error: unknown): never {
  throw error instanceof StoreUnavailable ? errors.storageUnavailable(error) : error
}
