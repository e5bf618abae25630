import type { Database } from '../db/database.ts'
import { lockInstallation, lockPerson } from '../db/locks.ts'
import { errors } from '../lib/errors.ts'
import type { Role, UseLimits } from '../lib/principal.ts'
import { revokeInvitationsOf } from './invitation-store.ts'
import { requireAdminLeft } from './last-admin-store.ts'
import { endSessions } from './person-store.ts'
import { toColumns } from '../auth/use-limits.ts'

/** What is absent stays. */
export interface PersonChange {
  role?: Role
  disabled?: boolean
  /** In place of all they had. */
  limits?: UseLimits
}

/**
 * What an admin (`by`) changes of somebody, all of it or nothing; the sessions of whom it shuts out end, and the links that
 * they or a former admin made. Throws `not_found`, and `conflict` when admins would shut out or demote themselves, or nobody would
 * be left who is one and can come in by one of the ways to sign in that are open (`ways`).
 */
export async function changePerson(
  { db, clock }: Pick<Database, 'db' | 'clock'>,
  { userId, by, change, ways }: { userId: string; by: string; change: PersonChange; ways: readonly string[] }
): Promise<void> {
  const { role, disabled, limits } = change
  const isDemoted = role !== undefined && role !== 'admin'
  if (userId === by && disabled === true) throw errors.conflict('You cannot shut yourself out. Ask another admin.')
  if (userId === by && isDemoted) throw errors.conflict('You cannot take your own role. Ask another admin.')
  const now = clock.now()
  await db.transaction().execute(async (trx) => {
    await lockInstallation(trx)
    await lockPerson(trx, userId)
    const { numUpdatedRows } = await trx
      .updateTable('users')
      .set((e) => ({
        updated_at: now,
        ...(role !== undefined && { role }),
        ...(disabled !== undefined && { disabled_at: disabled ? e.fn.coalesce('disabled_at', e.val(now)) : null }),
        ...(limits && toColumns(limits))
      }))
      .where('id', '=', userId)
      .where('deleted_at', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw errors.notFound(`The person '${userId}'`)
    if (disabled === true) await endSessions(trx, userId, now)
    if (disabled === true || isDemoted) {
      await revokeInvitationsOf(trx, { createdBy: userId, now })
      await requireAdminLeft(trx, ways)
    }
  })
}
