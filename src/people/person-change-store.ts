import type { Database } from '../db/database.ts'
import { lockInstallation, lockPerson } from '../db/locks.ts'
import { errors } from '../lib/errors.ts'
import type { Role, UseLimits } from '../lib/principal.ts'
import { revokeInvitationsOf } from './invitation-store.ts'
import { requireAdminLeft } from './last-admin-store.ts'
import { canSignIn, dropSessions, endSessions } from './person-store.ts'
import { toColumns } from '../auth/use-limits.ts'

/** What is absent stays. */
export interface PersonChange {
  role?: Role
  disabled?: boolean
  /** In place of all they had. */
  limits?: UseLimits
}

export interface ChangedPerson {
  userId: string
  /** The admin who changes it; null: whoever runs the server, by the command line. */
  by: string | null
  change: PersonChange
  /** Nobody needs to be left who is an admin. */
  mayLeaveNone?: boolean
}

/**
 * What is changed of somebody, all of it or nothing. Who is shut out stays so since the first time; their sessions end, and the
 * links that they or a former admin made. Who is let in again signs in anew. Throws `not_found`, and `conflict` when admins would
 * shut out or demote themselves, or when it is the last admin, or the last who can come in by one of the ways to sign in
 * that are open (`ways`).
 */
export async function changePerson(
  { db, clock }: Pick<Database, 'db' | 'clock'>,
  { userId, by, change, mayLeaveNone = false, ways }: ChangedPerson & { ways: readonly string[] }
): Promise<void> {
  const { role, disabled, limits } = change
  const isDemoted = role !== undefined && role !== 'admin'
  if (userId === by && disabled === true) throw errors.conflict('You cannot shut yourself out. Ask another admin.')
  if (userId === by && isDemoted) throw errors.conflict('You cannot take your own role. Ask another admin.')
  const now = clock.now()
  await db.transaction().execute(async (trx) => {
    await lockInstallation(trx)
    await lockPerson(trx, userId)
    const before = await trx
      .selectFrom('users')
      .select(['role', 'disabled_at'])
      .where('id', '=', userId)
      .where('deleted_at', 'is', null)
      .executeTakeFirst()
    if (!before) throw errors.notFound(`The person '${userId}'`)
    await trx
      .updateTable('users')
      .set((e) => ({
        updated_at: now,
        ...(role !== undefined && { role }),
        ...(disabled !== undefined && { disabled_at: disabled ? e.fn.coalesce('disabled_at', e.val(now)) : null }),
        ...(limits && toColumns(limits))
      }))
      .where('id', '=', userId)
      .execute()
    if (disabled === true) await endSessions(trx, userId, now)
    // One that was being renewed as they were shut out may last longer than it was to.
    if (disabled === false && before.disabled_at !== null) await dropSessions(trx, userId)
    if (disabled !== true && !isDemoted) return
    await revokeInvitationsOf(trx, { createdBy: userId, now })
    if (mayLeaveNone || before.role !== 'admin' || before.disabled_at !== null) return
    // Of admins who have nothing but keys, as where nobody uses the dashboard, any other will do.
    await requireAdminLeft(trx, (await canSignIn(trx, userId, ways)) ? ways : undefined)
  })
}
