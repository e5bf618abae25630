import { lockRequest } from '../db/locks.ts'
import { LATEST_TIME } from '../lib/bounds.ts'
import { errors } from '../lib/errors.ts'
import { newId, newSecret } from '../lib/ids.ts'
import type { RequestParts } from './request-parts.ts'
import { requireOwnRequest } from './require-own-request.ts'
import {
  deleteShareLink,
  dropEndedShareLinks,
  insertShareLink,
  listShareLinks,
  type ShareLinkRow
} from './share-link-store.ts'

/** Links to one request at once. */
export const MAX_SHARES = 20

/** How the token of a share link begins. */
const TOKEN_PREFIX = 'sh_'

/** A request of the one who asks. */
interface Own {
  id: string
  userId: string
}

/**
 * Makes a link by which whoever has it may fetch the images of a request, whatever its visibility, until it is revoked or
 * `expiresInMs` have passed. Only its owner may. Throws `not_found`, and `conflict` when there are `MAX_SHARES` already, or an admin
 * has taken it down.
 */
export async function shareRequest(
  { database }: Pick<RequestParts, 'database'>,
  { expiresInMs, ...own }: Own & { expiresInMs?: number }
): Promise<ShareLinkRow> {
  const now = database.clock.now()
  const expiresAt = expiresInMs === undefined ? null : Math.min(now + expiresInMs, LATEST_TIME)
  return database.db.transaction().execute(async (trx) => {
    await lockRequest(trx, own.id)
    const { taken_down_at } = await requireOwnRequest({ db: trx, clock: database.clock }, own)
    if (taken_down_at !== null) throw errors.takenDown()
    await dropEndedShareLinks(trx, { requestId: own.id, now })
    const links = await listShareLinks(trx, own.id)
    if (links.length >= MAX_SHARES) {
      throw errors.conflict(`A request has at most ${MAX_SHARES} share links. Revoke one first.`)
    }
    const row = {
      id: newId('shl'),
      request_id: own.id,
      token: newSecret(TOKEN_PREFIX),
      created_at: now,
      expires_at: expiresAt
    }
    await insertShareLink(trx, row)
    return row
  })
}

/** The share links of a request that count, the oldest first. Throws `not_found`. */
export async function listShares({ database }: Pick<RequestParts, 'database'>, own: Own): Promise<ShareLinkRow[]> {
  await requireOwnRequest(database, own)
  const now = database.clock.now()
  const links = await listShareLinks(database.db, own.id)
  return links.filter(({ expires_at }) => expires_at === null || expires_at > now)
}

/** Ends a share link: the next fetch by it is refused. Throws `not_found`. */
export async function unshareRequest(
  { database }: Pick<RequestParts, 'database'>,
  { shareId, ...own }: Own & { shareId: string }
): Promise<void> {
  await requireOwnRequest(database, own)
  if (!(await deleteShareLink(database.db, { requestId: own.id, id: shareId }))) {
    throw errors.notFound(`The share link '${shareId}'`)
  }
}
