import type { Readable } from 'node:stream'
import { errors } from '../lib/errors.ts'
import { type ByteRange, type ObjectStore, StoreUnavailable } from '../storage/object-store.ts'

/** Opens what a row says is there. Throws `storage_unavailable`, also when it is gone. */
export async function openStored(
  store: Pick<ObjectStore, 'open'>,
  storageKey: string,
  range?: ByteRange
): Promise<Readable> {
  const stream = await store.open(storageKey, range).catch(asStorageUnavailable)
  if (!stream) throw errors.storageUnavailable(new Error(`the bytes of ${storageKey} are missing`))
  return stream
}

export function asStorageUnavailable(error: unknown): never {
  throw error instanceof StoreUnavailable ? errors.storageUnavailable(error) : error
}
