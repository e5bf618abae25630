import type { Selectable } from 'kysely'
import type { Database, Db } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { newId } from '../lib/ids.ts'
import type { Role, UseLimits } from '../lib/principal.ts'
import { toColumns } from './use-limits.ts'

export type UserRow = Selectable<Tables['users']>

export interface UserStore {
  /** Undefined when somebody has that e-mail address already. */
  addUser(user: { email: string; name: string; role: Role }): Promise<UserRow | undefined>
  findUserByEmail(email: string): Promise<UserRow | undefined>
  listUsers(): Promise<UserRow[]>
  /** Over all of somebody's keys; false when there is nobody of that address. */
  setLimits(email: string, limits: UseLimits): Promise<boolean>
}

/** Addresses are compared in lower case, as people expect of them. */
const normalEmail = (email: string): string => email.trim().toLowerCase()

export function createUserStore({ db, clock }: Pick<Database, 'db' | 'clock'>): UserStore {
  return {
    addUser: ({ email, name, role }) => insertUser(db, { email: normalEmail(email), name, role, now: clock.now() }),
    findUserByEmail: (email) =>
      db.selectFrom('users').selectAll().where('email', '=', normalEmail(email)).executeTakeFirst(),
    setLimits: async (email, limits) => {
      const { numUpdatedRows } = await db
        .updateTable('users')
        .set({ ...toColumns(limits), updated_at: clock.now() })
        .where('email', '=', normalEmail(email))
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    listUsers: () => db.selectFrom('users').selectAll().orderBy('created_at').orderBy('id').execute()
  }
}

function insertUser(db: Db, user: { email: string; name: string; role: Role; now: number }) {
  return db
    .insertInto('users')
    .values({
      id: newId('usr'),
      name: user.name,
      email: user.email,
      role: user.role,
      image: null,
      created_at: user.now,
      updated_at: user.now
    })
    .onConflict((c) => c.column('email').doNothing())
    .returningAll()
    .executeTakeFirst()
}
