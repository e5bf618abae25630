import type { Selectable } from 'kysely'
import type { Database, Db } from '../db/database.ts'
import { lockInstallation, lockPerson } from '../db/locks.ts'
import type { Tables } from '../db/tables.ts'
import { errors } from '../lib/errors.ts'
import type { Visibility } from '../lib/visibility.ts'
import { normalEmail } from './email-address.ts'
import { revokeInvitationsOf } from './invitation-store.ts'
import { requireAdminLeft } from './last-admin-store.ts'
import { toColumns } from '../auth/use-limits.ts'
import type { UserRow } from './user-store.ts'

/** How those are called who are no longer here. */
export const DELETED_NAME = 'Deleted account'

export const findPerson = (db: Db, userId: string): Promise<UserRow | undefined> =>
  db.selectFrom('users').selectAll().where('id', '=', userId).where('deleted_at', 'is', null).executeTakeFirst()

/** Somebody's sessions that have not ended, the one used last first. */
export const listSessions = (
  db: Db,
  { userId, now }: { userId: string; now: number }
): Promise<Selectable<Tables['sessions']>[]> =>
  db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .orderBy('updated_at', 'desc')
    .orderBy('id')
    .execute()

/** Every way of somebody to sign in, the oldest first. */
export const listSignIns = (db: Db, userId: string): Promise<{ provider_id: string; created_at: number }[]> =>
  db
    .selectFrom('accounts')
    .select(['provider_id', 'created_at'])
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .execute()

/** Ends a session of somebody. False when they have no such one. */
export async function endSession(db: Db, { userId, id }: { userId: string; id: string }): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('sessions')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst()
  return numDeletedRows > 0n
}

export async function endOtherSessions(db: Db, { userId, token }: { userId: string; token: string }): Promise<void> {
  await db.deleteFrom('sessions').where('user_id', '=', userId).where('token', '!=', token).execute()
}

export async function renamePerson(
  { db, clock }: Pick<Database, 'db' | 'clock'>,
  { userId, name }: { userId: string; name: string }
): Promise<void> {
  await db
    .updateTable('users')
    .set({ name, updated_at: clock.now() })
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .execute()
}

/** What somebody says of all that they make; what is absent stays. */
export interface AccountDefaults {
  /** Who may see it where a call and its key do not say it; null: as everywhere. */
  visibility?: Visibility | null
  /** For how long it is kept after its end; null: as the operator says. */
  keepMs?: number | null
  /** How much its images may take before the oldest go; null: as the operator says. */
  keepBytes?: number | null
}

export async function setDefaults(
  { db, clock }: Pick<Database, 'db' | 'clock'>,
  { userId, visibility, keepMs, keepBytes }: AccountDefaults & { userId: string }
): Promise<void> {
  await db
    .updateTable('users')
    .set({
      ...(visibility !== undefined && { default_visibility: visibility }),
      ...(keepMs !== undefined && { keep_ms: keepMs }),
      ...(keepBytes !== undefined && { keep_bytes: keepBytes }),
      updated_at: clock.now()
    })
    .where('id', '=', userId)
    .where('deleted_at', 'is', null)
    .execute()
}

/** What a row holds of somebody who is gone. */
const nobody = (userId: string) => ({
  name: DELETED_NAME,
  // Nobody's: no address is without an @.
  email: userId,
  email_verified: 0,
  image: null,
  role: 'member',
  ...toColumns({})
})

/**
 * Shuts somebody out for good and forgets who they were; what they have is removed afterwards. Nothing happens the second
 * time. Throws `invalid_request` when the address is not theirs, and `conflict` for the last admin.
 */
export const markDeleted = (
  { db, clock }: Pick<Database, 'db' | 'clock'>,
  { userId, email, ways }: { userId: string; email: string; ways: readonly string[] }
): Promise<void> =>
  db.transaction().execute(async (trx) => {
    await lockInstallation(trx)
    await lockPerson(trx, userId)
    const user = await trx.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirst()
    if (!user || user.deleted_at !== null) return
    if (user.email !== normalEmail(email)) {
      throw errors.invalidRequest("'email' is not the address of your account.", 'email')
    }
    const now = clock.now()
    await trx
      .updateTable('users')
      .set({ ...nobody(userId), disabled_at: now, deleted_at: now, updated_at: now })
      .where('id', '=', userId)
      .execute()
    await trx.deleteFrom('sessions').where('user_id', '=', userId).execute()
    await revokeInvitationsOf(trx, { createdBy: userId, now })
    if (user.role === 'admin') await requireAdminLeft(trx, ways)
  })

/** Ids of deleted accounts. */
export async function listDeleted(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('users').select('id').where('deleted_at', 'is not', null).execute()
  return rows.map(({ id }) => id)
}

/** Removes keys, ways to sign in, the invitations that somebody made or used, and what of them came back into their row. */
export const eraseSignIns = (db: Db, userId: string): Promise<void> =>
  db.transaction().execute(async (trx) => {
    await trx
      .updateTable('users')
      .set(nobody(userId))
      .where('id', '=', userId)
      .where('deleted_at', 'is not', null)
      .execute()
    for (const table of ['api_keys', 'accounts', 'sessions'] as const) {
      await trx.deleteFrom(table).where('user_id', '=', userId).execute()
    }
    await trx
      .deleteFrom('invitations')
      .where((e) => e.or([e('user_id', '=', userId), e('created_by', '=', userId), e('used_by', '=', userId)]))
      .execute()
  })
