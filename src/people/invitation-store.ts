import type { Insertable, Selectable } from 'kysely'
import type { Database, Db } from '../db/database.ts'
import { lockPerson } from '../db/locks.ts'
import type { Tables } from '../db/tables.ts'

export type InvitationRow = Selectable<Tables['invitations']>

/** An invitation with the names of those it concerns. */
export type InvitationWithPeople = InvitationRow & {
  /** Of the account it hands over. */
  owner_name: string | null
  owner_email: string | null
  owner_role: string | null
  owner_disabled_at: number | null
  inviter_name: string | null
  used_by_name: string | null
}

export interface InvitationStore {
  /** Writes an invitation of somebody new. */
  insert(invitation: Insertable<Tables['invitations']>): Promise<void>
  /** Writes a link that hands an account over, the only one that counts from now on: those made before are revoked. */
  insertClaim(invitation: Insertable<Tables['invitations']> & { user_id: string }): Promise<void>
  findByTokenHash(hash: string): Promise<InvitationWithPeople | undefined>
  /** The newest `limit` of all, newest first. */
  list(limit: number): Promise<InvitationWithPeople[]>
  /** Ends an invitation. False when there is none of that id which can still be used. */
  revoke(id: string): Promise<boolean>
}

export function createInvitationStore({ db, clock }: Pick<Database, 'db' | 'clock'>): InvitationStore {
  const withPeople = () =>
    db
      .selectFrom('invitations')
      .leftJoin('users as owner', 'owner.id', 'invitations.user_id')
      .leftJoin('users as inviter', 'inviter.id', 'invitations.created_by')
      .leftJoin('users as user', 'user.id', 'invitations.used_by')
      .selectAll('invitations')
      .select([
        'owner.name as owner_name',
        'owner.email as owner_email',
        'owner.role as owner_role',
        'owner.disabled_at as owner_disabled_at',
        'inviter.name as inviter_name',
        'user.name as used_by_name'
      ])

  return {
    insert: async (invitation) => {
      await db.insertInto('invitations').values(invitation).execute()
    },
    insertClaim: (invitation) =>
      db.transaction().execute(async (trx) => {
        // Of two that are made at once, one is revoked.
        await lockPerson(trx, invitation.user_id)
        await trx
          .updateTable('invitations')
          .set({ revoked_at: clock.now() })
          .where('user_id', '=', invitation.user_id)
          .where('used_at', 'is', null)
          .where('revoked_at', 'is', null)
          .execute()
        await trx.insertInto('invitations').values(invitation).execute()
      }),
    findByTokenHash: (hash) => withPeople().where('token_hash', '=', hash).executeTakeFirst(),
    list: (limit) =>
      withPeople().orderBy('invitations.created_at', 'desc').orderBy('invitations.id').limit(limit).execute(),
    revoke: async (id) => {
      const { numUpdatedRows } = await db
        .updateTable('invitations')
        .set({ revoked_at: clock.now() })
        .where('id', '=', id)
        .where('used_at', 'is', null)
        .where('revoked_at', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    }
  }
}

/**
 * Ends the open links of somebody who may invite nobody any more, within the transaction that sees to that: whoever made a
 * link knows it, and could come back by it.
 */
export async function revokeInvitationsOf(
  trx: Db,
  { createdBy, now }: { createdBy: string; now: number }
): Promise<void> {
  await trx
    .updateTable('invitations')
    .set({ revoked_at: now })
    .where('created_by', '=', createdBy)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .execute()
}

/** Uses an invitation up, within the transaction of what it is used for. Undefined when it cannot be used: of two at once, one is late. */
export const useInvitation = (
  trx: Db,
  { id, usedBy, now }: { id: string; usedBy: string; now: number }
): Promise<InvitationRow | undefined> =>
  trx
    .updateTable('invitations')
    .set({ used_at: now, used_by: usedBy })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .returningAll()
    .executeTakeFirst()
