import { DataDirUnusable } from '../db/data-dir-unusable.ts'
import { toError } from '../lib/async.ts'
import { StoreUnavailable } from '../storage/object-store.ts'

/** For commands: throws `DataDirUnusable`, after `what` with why, when the place of the images is at fault; else the error itself. */
export function throwStoreUnusable(error: unknown, what: string): never {
  const { syscall } = error as NodeJS.ErrnoException
  if (!(error instanceof StoreUnavailable) && syscall === undefined) throw error
  throw new DataDirUnusable(`${what}: ${toError(error).message}.`)
}
