import type { Selectable } from 'kysely'
import type { Database, Db } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { newId } from '../lib/ids.ts'
import type { Role } from '../lib/principal.ts'
import { normalEmail } from './email-address.ts'

export type UserRow = Selectable<Tables['users']>

export interface UserStore {
  /**
   * Undefined when somebody has that e-mail address already. It counts as theirs because an admin names it, unless
   * `emailVerified` says otherwise.
   */
  addUser(user: { email: string; name: string; role: Role; emailVerified?: boolean }): Promise<UserRow | undefined>
  findUserByEmail(email: string): Promise<UserRow | undefined>
  /** The admin who has been here longest: the one made at the first start, whatever their address is by now. */
  findFirstAdmin(): Promise<UserRow | undefined>
  /** Everybody whose account is not deleted, in the order in which they came. */
  listUsers(): Promise<UserRow[]>
}

export function createUserStore({ db, clock }: Pick<Database, 'db' | 'clock'>): UserStore {
  return {
    addUser: ({ email, name, role, emailVerified = true }) =>
      insertUser(db, { email: normalEmail(email), name, role, emailVerified, now: clock.now() }),
    findFirstAdmin: () =>
      db
        .selectFrom('users')
        .selectAll()
        .where('role', '=', 'admin')
        .where('disabled_at', 'is', null)
        .orderBy('created_at')
        .orderBy('id')
        .executeTakeFirst(),
    findUserByEmail: (email) =>
      db
        .selectFrom('users')
        .selectAll()
        .where('email', '=', normalEmail(email))
        .where('deleted_at', 'is', null)
        .executeTakeFirst(),
    listUsers: () =>
      db.selectFrom('users').selectAll().where('deleted_at', 'is', null).orderBy('created_at').orderBy('id').execute()
  }
}

/** Somebody's row; undefined when somebody has that address already, in the form addresses are stored in. */
export const insertUser = (
  db: Db,
  user: { id?: string; email: string; name: string; role: Role; emailVerified: boolean; now: number }
): Promise<UserRow | undefined> =>
  db
    .insertInto('users')
    .values({
      id: user.id ?? newId('usr'),
      name: user.name,
      email: user.email,
      email_verified: user.emailVerified ? 1 : 0,
      role: user.role,
      image: null,
      created_at: user.now,
      updated_at: user.now
    })
    .onConflict((c) => c.column('email').doNothing())
    .returningAll()
    .executeTakeFirst()

/** The addresses that are known to belong to these users, by user id. */
export async function listEmails(db: Db, userIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await db
    .selectFrom('users')
    .select(['id', 'email'])
    .where('id', 'in', userIds)
    .where('email_verified', '=', 1)
    .execute()
  return new Map(rows.map((row) => [row.id, row.email]))
}
