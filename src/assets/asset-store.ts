import type { Selectable } from 'kysely'
import type { Database, Db, Trx } from '../db/database.ts'
import { isImageKeptAt } from '../db/kept-at.ts'
import type { AssetKind, Tables } from '../db/tables.ts'
import type { Visibility } from '../lib/visibility.ts'
import { listLooks, type Look, noteLooks } from './look-store.ts'

export type AssetRow = Selectable<Tables['assets']>

/** An image with what decides who may fetch it. */
export interface ReadableAsset extends AssetRow {
  visibility: Visibility
  /** The owner has been shut out, or has deleted their account. */
  isOwnerGone: boolean
  /** An admin has taken its request down. */
  isTakenDown: boolean
  /** By the link that was shown. */
  isShared: boolean
  /** It goes once it has been fetched whole. */
  isOnce: boolean
  /** UTC milliseconds; null: it is kept. */
  expiresAt: number | null
}

export interface AssetStore {
  findAsset(id: string): Promise<AssetRow | undefined>
  /** `shareToken`: of a link that was shown with the id. */
  findReadable(id: string, shareToken: string | undefined): Promise<ReadableAsset | undefined>
  /** The images of a request that a share link counts for, in their order. */
  listShared(link: { requestId: string; token: string }): Promise<ReadableAsset[]>
  noteAlpha(id: string, hasAlpha: boolean): Promise<void>
  noteLooks(looks: { viewerId: string; requestIds: readonly string[] }): Promise<void>
  listLooks(requestId: string): Promise<Look[]>
  /** Of these storage keys, those that a row refers to. */
  knownKeys(keys: readonly string[]): Promise<Set<string>>
  /** Of these storage keys, the SHA-256 of those that a row refers to. */
  hashesOf(keys: readonly string[]): Promise<Map<string, string>>
  /** Up to `limit` rows in the order of their ids. */
  listAfter(id: string, limit: number): Promise<AssetRow[]>
  /** Up to `limit` storage keys of images whose last row was deleted and whose bytes may still be there. */
  listUnwanted(limit: number): Promise<string[]>
  /** Drops the notes about these keys, whose bytes are gone. */
  forgetUnwanted(keys: readonly string[]): Promise<void>
  /** The space that images of some requests take, in the order of the requests' ids; undefined after the last. */
  sumSlice(slice: { afterRequest: string; rows: number }): Promise<SpaceSlice | undefined>
}

export interface SpaceSlice {
  lastRequest: string
  kinds: { kind: AssetKind; images: number; bytes: number }[]
}

export function createAssetStore({ db, clock }: Pick<Database, 'db' | 'clock'>): AssetStore {
  return {
    findAsset: (id) => db.selectFrom('assets').selectAll().where('id', '=', id).executeTakeFirst(),
    findReadable: async (id, shareToken) => {
      const [asset] = await listReadable(db, ['assets.id', id], { shareToken, now: clock.now() })
      return asset
    },
    listShared: async ({ requestId, token }) => {
      const all = await listReadable(db, ['assets.request_id', requestId], { shareToken: token, now: clock.now() })
      return all.filter(({ isShared }) => isShared).sort((a, b) => a.position - b.position)
    },
    noteLooks: (looks) => noteLooks({ db, clock }, looks),
    listLooks: (requestId) => listLooks(db, requestId),
    noteAlpha: async (id, hasAlpha) => {
      await db
        .updateTable('assets')
        .set({ has_alpha: Number(hasAlpha) })
        .where('id', '=', id)
        .execute()
    },
    knownKeys: async (keys) => {
      const rows = await db.selectFrom('assets').select('storage_key').where('storage_key', 'in', keys).execute()
      return new Set(rows.map((row) => row.storage_key))
    },
    hashesOf: async (keys) => {
      const rows = await db
        .selectFrom('assets')
        .select(['storage_key', 'sha256'])
        .where('storage_key', 'in', keys)
        .execute()
      return new Map(rows.map((row) => [row.storage_key, row.sha256]))
    },
    listAfter: (id, limit) =>
      db.selectFrom('assets').selectAll().where('id', '>', id).orderBy('id').limit(limit).execute(),
    listUnwanted: async (limit) => {
      const rows = await db.selectFrom('unwanted_objects').select('storage_key').limit(limit).execute()
      return rows.map((row) => row.storage_key)
    },
    forgetUnwanted: async (keys) => {
      await db.deleteFrom('unwanted_objects').where('storage_key', 'in', keys).execute()
    },
    sumSlice: (slice) => sumSlice(db, slice)
  }
}

/** One image, or all of a request. */
async function listReadable(
  db: Db,
  [column, id]: ['assets.id' | 'assets.request_id', string],
  { shareToken = '', now }: { shareToken: string | undefined; now: number }
): Promise<ReadableAsset[]> {
  const rows = await db
    .selectFrom('assets')
    .innerJoin('requests', 'requests.id', 'assets.request_id')
    .innerJoin('users', 'users.id', 'assets.owner_id')
    .leftJoin('share_links', (join) =>
      join
        .onRef('share_links.request_id', '=', 'assets.request_id')
        .on('share_links.token', '=', shareToken)
        .on((e) => e.or([e('share_links.expires_at', 'is', null), e('share_links.expires_at', '>', now)]))
    )
    .selectAll('assets')
    .select(['requests.visibility', 'requests.expires_in', 'requests.expires_at as gone_at', 'requests.pinned'])
    .select(['users.disabled_at', 'users.deleted_at', 'share_links.id as share_id', 'requests.taken_down_at'])
    .where(column, '=', id)
    .where(isImageKeptAt(now))
    .execute()
  return rows.map(({ disabled_at, deleted_at, share_id, expires_in, gone_at, pinned, taken_down_at, ...asset }) => {
    const isKept = pinned === 1 || expires_in === null
    return {
      ...asset,
      isOnce: !isKept && expires_in === 0 && asset.kind === 'output',
      expiresAt: isKept ? null : (gone_at ?? now),
      isOwnerGone: disabled_at !== null || deleted_at !== null,
      isTakenDown: taken_down_at !== null,
      isShared: share_id !== null
    }
  })
}

/**
 * Notes, in the transaction that deletes the last rows of these images, that nobody wants their bytes: whatever happens
 * then, they go.
 */
export async function noteUnwanted(trx: Trx, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  await trx
    .insertInto('unwanted_objects')
    .values(keys.map((storage_key) => ({ storage_key })))
    .onConflict((c) => c.doNothing())
    .execute()
}

/** Reads nothing but the index by request, which holds the sizes. Requests are never cut in two. */
async function sumSlice(
  db: Db,
  { afterRequest, rows }: { afterRequest: string; rows: number }
): Promise<SpaceSlice | undefined> {
  const following = db
    .selectFrom('assets')
    .select('request_id')
    .where('request_id', '>', afterRequest)
    .orderBy('request_id')
    .limit(1)
  const last =
    (await following.offset(rows - 1).executeTakeFirst()) ??
    (await db
      .selectFrom('assets')
      .select((e) => e.fn.max('request_id').as('request_id'))
      .where('request_id', '>', afterRequest)
      .executeTakeFirst())
  if (!last?.request_id) return undefined
  const kinds = await db
    .selectFrom('assets')
    .select((e) => ['kind', e.fn.countAll<number>().as('images'), e.fn.sum<number>('bytes').as('bytes')])
    .where('request_id', '>', afterRequest)
    .where('request_id', '<=', last.request_id)
    .groupBy('kind')
    .execute()
  return {
    lastRequest: last.request_id,
    kinds: kinds.map(({ kind, images, bytes }) => ({ kind, images: Number(images), bytes: Number(bytes) }))
  }
}
