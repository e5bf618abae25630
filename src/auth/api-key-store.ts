import { DAY_MS } from '../lib/durations.ts'
import type { Insertable, Selectable } from 'kysely'
import type { Database, Db } from '../db/database.ts'
import { lockInstallation, lockPerson } from '../db/locks.ts'
import type { LimitColumns, Tables } from '../db/tables.ts'
import type { Visibility } from '../lib/visibility.ts'

export type ApiKeyRow = Selectable<Tables['api_keys']>
/** A key with what counts of its owner; the owner's limits carry a prefix. */
export type ApiKeyWithUser = ApiKeyRow & {
  user_email: string
  user_email_verified: number
  user_role: string
  user_disabled_at: number | null
  user_deleted_at: number | null
  user_default_visibility: Visibility | null
} & {
  [K in keyof LimitColumns as `user_${K}`]: LimitColumns[K]
}

type NewKeyRow = Insertable<Tables['api_keys']>

export type ChangeableColumns = Partial<
  Pick<ApiKeyRow, keyof LimitColumns | 'rate_limit' | 'default_visibility' | 'default_expires_in'>
>

export interface ApiKeyStore {
  /**
   * Writes a key, and with `replacesUnused` revokes those of its user that are like it and were never used. False when its user
   * has `most` keys that count or were made within a day; then nothing is revoked.
   */
  insertKey(key: NewKeyRow, how: { most: number; replacesUnused?: boolean }): Promise<boolean>
  /** Writes the first key of the installation. False when there is any, revoked ones included. */
  insertFirstKey(key: Insertable<Tables['api_keys']>): Promise<boolean>
  findKeyByHash(hash: string): Promise<ApiKeyWithUser | undefined>
  findKeyById(id: string): Promise<ApiKeyWithUser | undefined>
  /** The keys of somebody, or without `userId` of everybody; newest first. */
  listKeys(filter: { userId?: string }): Promise<ApiKeyWithUser[]>
  /** Gives a key other limits and defaults, one at least. False when somebody has no such key that is not revoked. */
  changeKey(key: { id: string; userId: string }, change: ChangeableColumns): Promise<boolean>
  /** Ends a key for good. False when there is none of that id that is not revoked. */
  revokeKey(id: string): Promise<boolean>
  /** Removes all keys of that user and name. */
  deleteKeys(filter: { userId: string; name: string }): Promise<void>
  /** Writes down when keys were last used: UTC milliseconds by their ids. */
  touchKeys(lastUsed: ReadonlyMap<string, number>): Promise<void>
}

export function createApiKeyStore({ db, clock }: Pick<Database, 'db' | 'clock'>): ApiKeyStore {
  const withUser = () =>
    db
      .selectFrom('api_keys')
      .innerJoin('users', 'users.id', 'api_keys.user_id')
      .selectAll('api_keys')
      .select([
        'users.email as user_email',
        'users.email_verified as user_email_verified',
        'users.role as user_role',
        'users.disabled_at as user_disabled_at',
        'users.deleted_at as user_deleted_at',
        'users.default_visibility as user_default_visibility',
        'users.images_per_day as user_images_per_day',
        'users.images_per_month as user_images_per_month',
        'users.max_active as user_max_active',
        'users.max_pixels as user_max_pixels',
        'users.allowed_models as user_allowed_models'
      ])

  return {
    insertKey: (key, { most, replacesUnused = false }) =>
      db.transaction().execute(async (trx) => {
        await lockPerson(trx, key.user_id)
        if ((await countKeysOf(trx, { userId: key.user_id, now: clock.now() })) >= most) return false
        if (replacesUnused) await revokeUnusedLike(trx, key, clock.now())
        await trx.insertInto('api_keys').values(key).execute()
        return true
      }),
    insertFirstKey: (key) =>
      db.transaction().execute(async (trx) => {
        await lockInstallation(trx)
        if (await trx.selectFrom('api_keys').select('id').limit(1).executeTakeFirst()) return false
        await trx.insertInto('api_keys').values(key).execute()
        return true
      }),
    findKeyByHash: (hash) => withUser().where('hash', '=', hash).executeTakeFirst(),
    findKeyById: (id) => withUser().where('api_keys.id', '=', id).executeTakeFirst(),
    listKeys: ({ userId }) =>
      withUser()
        .$if(userId !== undefined, (q) => q.where('api_keys.user_id', '=', userId ?? ''))
        .orderBy('api_keys.created_at', 'desc')
        .orderBy('api_keys.id')
        .execute(),
    changeKey: async ({ id, userId }, change) => {
      const { numUpdatedRows } = await db
        .updateTable('api_keys')
        .set(change)
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .where('revoked_at', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    revokeKey: async (id) => {
      const { numUpdatedRows } = await db
        .updateTable('api_keys')
        .set({ revoked_at: clock.now() })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
    deleteKeys: async ({ userId, name }) => {
      await db.deleteFrom('api_keys').where('user_id', '=', userId).where('name', '=', name).execute()
    },
    touchKeys: async (lastUsed) => {
      await db.transaction().execute(async (trx) => {
        for (const [id, at] of lastUsed) {
          await trx.updateTable('api_keys').set({ last_used_at: at }).where('id', '=', id).execute()
        }
      })
    }
  }
}

/** What of a key is its own, however like another it is: who made it meant all the rest. */
const ITS_OWN = new Set(['id', 'prefix', 'hash', 'webhook_secret', 'created_at', 'last_used_at', 'revoked_at'])

async function revokeUnusedLike(db: Db, key: NewKeyRow, now: number): Promise<void> {
  const meant = (Object.keys(key) as (keyof NewKeyRow)[]).filter((column) => !ITS_OWN.has(column))
  await db
    .updateTable('api_keys')
    .set({ revoked_at: now })
    .where('last_used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where((e) =>
      e.and(
        meant.map((column) => {
          const value = key[column] ?? null
          return value === null ? e(column, 'is', null) : e(column, '=', value)
        })
      )
    )
    .execute()
}

/** How many keys somebody has that count, or were made within a day. */
async function countKeysOf(db: Db, { userId, now }: { userId: string; now: number }): Promise<number> {
  const { keys } = await db
    .selectFrom('api_keys')
    .select((e) => e.fn.countAll<number>().as('keys'))
    .where('user_id', '=', userId)
    .where((e) =>
      e.or([
        e('created_at', '>', now - DAY_MS),
        e.and([e('revoked_at', 'is', null), e.or([e('expires_at', 'is', null), e('expires_at', '>', now)])])
      ])
    )
    .executeTakeFirstOrThrow()
  return Number(keys)
}
