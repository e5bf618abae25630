import type { Db } from '../db/database.ts'
import { errors } from '../lib/errors.ts'

/**
 * Called in the transaction that may have taken the last admin's role or shut them out, after the fact: of two admins who
 * do it to each other, the second finds nobody left. With `ways`, one who can sign in by none of these is none that counts.
 * Throws `conflict`.
 */
export async function requireAdminLeft(trx: Db, ways?: readonly string[]): Promise<void> {
  const admin = await trx
    .selectFrom('users')
    .select('users.id')
    .where('role', '=', 'admin')
    .where('disabled_at', 'is', null)
    .$if(ways !== undefined, (some) =>
      some.where('id', 'in', (e) =>
        e
          .selectFrom('accounts')
          .select('user_id')
          .where('provider_id', 'in', ways ?? [])
      )
    )
    .limit(1)
    .executeTakeFirst()
  if (!admin) {
    throw errors.conflict(`This is the last admin${ways ? ' who can sign in' : ''}. Make somebody else an admin first.`)
  }
}
