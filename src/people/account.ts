import type { Database } from '../db/database.ts'
import { errors } from '../lib/errors.ts'
import {
  type AccountDefaults,
  endOtherSessions,
  endSession,
  eraseSignIns,
  findPerson,
  listDeleted,
  listSessions,
  listSignIns,
  markDeleted,
  renamePerson,
  setDefaults
} from './account-store.ts'
import { checkName } from './join-by-password.ts'
import { PASSWORD } from './person-store.ts'
import type { UserRow } from './user-store.ts'

/** Somebody, how they sign in, and where they have. */
export interface AccountView {
  user: UserRow
  hasPassword: boolean
  sessions: { id: string; isThis: boolean; createdAt: number; lastSeenAt: number; userAgent: string | null }[]
  linked: { provider: string; linkedAt: number }[]
}

/** What somebody does with their own account. `token` is that of the session they do it by. */
export interface Account {
  /** Somebody's account as its page shows it. Throws `not_signed_in` when there is nobody of that id. */
  view(userId: string, token: string | undefined): Promise<AccountView>
  /** Gives somebody another name. Throws `invalid_request`. */
  rename(userId: string, name: string): Promise<void>
  /** Who sees what somebody makes, from the next call on, and how much of it is kept. */
  changeDefaults(userId: string, defaults: AccountDefaults): Promise<void>
  /** Signs one of somebody's browsers out. False when they have no such session. */
  endSession(userId: string, id: string): Promise<boolean>
  /** Signs all of somebody's browsers out but the one with this token. */
  endOtherSessions(userId: string, token: string): Promise<void>
  /**
   * Shuts them out for good and forgets who they were, once they have named their address. What they have is removed
   * afterwards, by whoever hears the bell. Throws `invalid_request`, and `conflict` for the last admin.
   */
  remove(userId: string, email: string): Promise<void>
  /** Ids of those who have deleted their accounts. */
  listRemoved(): Promise<string[]>
  /** Removes the keys, ways to sign in and invitations of somebody who has deleted their account. */
  erase(userId: string): Promise<void>
}

/** `ways`: by which people can sign in here. */
export function createAccount({ database, ways }: { database: Database; ways: readonly string[] }): Account {
  const { db, clock, bell } = database
  return {
    view: async (userId, token) => {
      const user = await findPerson(db, userId)
      if (!user) throw errors.notSignedIn()
      const signIns = await listSignIns(db, userId)
      const sessions = await listSessions(db, { userId, now: clock.now() })
      return {
        user,
        hasPassword: signIns.some(({ provider_id }) => provider_id === PASSWORD),
        linked: signIns
          .filter(({ provider_id }) => provider_id !== PASSWORD)
          .map(({ provider_id, created_at }) => ({ provider: provider_id, linkedAt: created_at })),
        sessions: sessions.map((session) => ({
          id: session.id,
          isThis: session.token === token,
          createdAt: session.created_at,
          lastSeenAt: session.updated_at,
          userAgent: session.user_agent === '' ? null : session.user_agent
        }))
      }
    },
    rename: (userId, name) => renamePerson(database, { userId, name: checkName(name) }),
    changeDefaults: async (userId, defaults) => {
      await setDefaults(database, { userId, ...defaults })
      bell.ring('keys')
    },
    endSession: (userId, id) => endSession(db, { userId, id }),
    endOtherSessions: (userId, token) => endOtherSessions(db, { userId, token }),
    remove: async (userId, email) => {
      await markDeleted(database, { userId, email, ways })
      bell.ring('keys')
      bell.ring('accounts')
    },
    listRemoved: () => listDeleted(db),
    erase: (userId) => eraseSignIns(db, userId)
  }
}
