import type { Db } from '../db/database.ts'
import type { UserRow } from './user-store.ts'

/** Somebody as the page of people shows them. */
export type PersonRow = UserRow & {
  /** When they were here last, as far as is known: by a session, a key, or a request. */
  seen_at: number | null
  can_sign_in: boolean
  /** Those that count. */
  keys: number
}

/**
 * Everybody, or one person: newest last, without deleted accounts. By the ways to sign in that are open (`ways`) it is told who
 * can come in. As many queries for all as for one.
 */
export async function listPeople(
  db: Db,
  { userId, now, ways }: { userId?: string; now: number; ways: readonly string[] }
): Promise<PersonRow[]> {
  const rows = await db
    .selectFrom('users')
    .selectAll('users')
    .select((e) => [
      e
        .selectFrom('sessions')
        .select((s) => s.fn.max('sessions.updated_at').as('at'))
        .whereRef('sessions.user_id', '=', 'users.id')
        .as('session_at'),
      e
        .selectFrom('api_keys')
        .select((k) => k.fn.max('api_keys.last_used_at').as('at'))
        .whereRef('api_keys.user_id', '=', 'users.id')
        .as('key_at'),
      e
        .selectFrom('requests')
        .select((r) => r.fn.max('requests.created_at').as('at'))
        .whereRef('requests.user_id', '=', 'users.id')
        .as('request_at'),
      e
        .selectFrom('api_keys')
        .select((k) => k.fn.countAll<number>().as('keys'))
        .whereRef('api_keys.user_id', '=', 'users.id')
        .where('api_keys.revoked_at', 'is', null)
        .where((k) => k.or([k('api_keys.expires_at', 'is', null), k('api_keys.expires_at', '>', now)]))
        .as('keys'),
      e
        .selectFrom('accounts')
        .select('accounts.id')
        .whereRef('accounts.user_id', '=', 'users.id')
        .where('accounts.provider_id', 'in', ways)
        .limit(1)
        .as('account_id')
    ])
    .where('users.deleted_at', 'is', null)
    .$if(userId !== undefined, (q) => q.where('users.id', '=', userId ?? ''))
    .orderBy('users.created_at')
    .orderBy('users.id')
    .execute()
  return rows.map(({ session_at, key_at, request_at, account_id, keys, ...user }) => {
    const seen = [session_at, key_at, request_at].filter((at) => at !== null)
    return {
      ...user,
      seen_at: seen.length === 0 ? null : Math.max(...seen),
      can_sign_in: account_id !== null,
      keys: Number(keys ?? 0)
    }
  })
}

/** Whether somebody, or somebody else than one person, can come in, by the ways to sign in that are open (`ways`). */
export async function hasOthers(
  db: Db,
  { userId, ways }: { userId?: string; ways: readonly string[] }
): Promise<boolean> {
  const found = await db
    .selectFrom('users')
    .innerJoin('accounts', 'accounts.user_id', 'users.id')
    .select('users.id')
    .$if(userId !== undefined, (q) => q.where('users.id', '!=', userId ?? ''))
    .where('users.deleted_at', 'is', null)
    .where('users.disabled_at', 'is', null)
    .where('accounts.provider_id', 'in', ways)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}
