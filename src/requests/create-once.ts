import type { Trx } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import { findIdempotencyKey, type IdempotencyRow, insertIdempotencyKey } from './idempotency-store.ts'
import type { RequestParts } from './request-parts.ts'

/** An `Idempotency-Key` of a user at an endpoint, and what the call means. */
export interface Once {
  userId: string
  endpoint: string
  key: string
  fingerprint: string
}

/** Another call with the same key was quicker; rolls the transaction back. */
class BoundMeanwhile extends Error {}

/**
 * Creates something once per key. The key binds in the transaction that inserts what is created, so a call refused
 * before that does not use it up, and of several at once exactly one creates. `create` must call `bind` in that
 * transaction and return the id. What a repeated call gets may have been deleted since. Throws
 * `idempotency_mismatch` when the key was used for something else.
 */
export async function createOnce(
  { database }: Pick<RequestParts, 'database'>,
  once: Once | undefined,
  create: (bind: (trx: Trx, id: string) => Promise<void>) => Promise<string>
): Promise<{ id: string; repeated: boolean }> {
  if (!once) return { id: await create(async () => undefined), repeated: false }
  const find = () => findIdempotencyKey(database.db, { ...once, now: database.clock.now() })
  const known = await find()
  if (known) return repeat(known, once)
  try {
    const id = await create(async (trx, targetId) => {
      const row = {
        ...keyOf(once),
        fingerprint: once.fingerprint,
        target_id: targetId,
        created_at: database.clock.now(),
        expires_at: null
      }
      if (!(await insertIdempotencyKey(trx, row))) throw new BoundMeanwhile()
    })
    return { id, repeated: false }
  } catch (error) {
    // Also when it was refused, for the quicker one may have taken the last place in the queue.
    const winner = await find()
    if (!winner) throw error
    return repeat(winner, once)
  }
}

const keyOf = ({ userId, endpoint, key }: Once) => ({ user_id: userId, endpoint, key })

function repeat(known: IdempotencyRow, once: Once): { id: string; repeated: true } {
  if (known.fingerprint !== once.fingerprint) throw errors.idempotencyMismatch()
  return { id: known.target_id, repeated: true }
}
