import type { Db } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import { formatBytes } from '../lib/quantities.ts'
import type { RequestParts } from './request-parts.ts'
import { readStoredBytes } from './retention-store.ts'

/** Throws `insufficient_quota` naming the budget when what is stored for somebody is as much as may be. */
export async function requireStorageRoom(
  db: Db,
  { limits, userId }: Pick<RequestParts, 'limits'> & { userId: string }
): Promise<void> {
  requireRoomFor(await readStoredBytes(db, userId), limits)
}

/** The same where it is known already how many bytes are stored. */
export function requireRoomFor(storedBytes: number, { storedBytesPerUser: most }: RequestParts['limits']): void {
  if (storedBytes < most) return
  throw errors.insufficientQuota(
    `Your images and inputs may take ${formatBytes(most)} here (LIMITS_STORED_BYTES_PER_USER), and there is no room for more. Delete some of your jobs.`
  )
}
