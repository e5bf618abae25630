import type { Db } from '../db/database.ts'
import { keepQuery } from '../db/keep-query.ts'

/** Has a provider not serve somebody, if it did until now. False when there is nobody of that id. */
export async function insertBlock(
  db: Db,
  block: { providerId: string; userId: string; now: number }
): Promise<boolean> {
  const { providerId, userId, now } = block
  return db.transaction().execute(async (trx) => {
    const user = await trx.selectFrom('users').select('id').where('id', '=', userId).executeTakeFirst()
    if (!user) return false
    await trx
      .insertInto('provider_blocks')
      .values({ provider_id: providerId, user_id: userId, created_at: now })
      .onConflict((c) => c.columns(['provider_id', 'user_id']).doNothing())
      .execute()
    return true
  })
}

export async function deleteBlock(db: Db, block: { providerId: string; userId: string }): Promise<void> {
  await db
    .deleteFrom('provider_blocks')
    .where('provider_id', '=', block.providerId)
    .where('user_id', '=', block.userId)
    .execute()
}

/** The people whom a provider does not serve, with their names; those blocked last come first. */
export const listBlocks = (db: Db, providerId: string): Promise<{ id: string; name: string; at: number }[]> =>
  db
    .selectFrom('provider_blocks')
    .innerJoin('users', 'users.id', 'provider_blocks.user_id')
    .select(['users.id', 'users.name', 'provider_blocks.created_at as at'])
    .where('provider_blocks.provider_id', '=', providerId)
    .orderBy('provider_blocks.created_at', 'desc')
    .orderBy('users.id')
    .execute()

/** Which providers do not serve some people. */
export interface Blocks {
  /** Ids of the providers that do not serve this one of them. */
  of(userId: string): ReadonlySet<string>
}

const NONE: ReadonlySet<string> = new Set()

export async function findBlocks(db: Db, userIds: readonly string[]): Promise<Blocks> {
  if (userIds.length === 0) return { of: () => NONE }
  const { rows } = await listRows(db, userIds)
  const byUser = new Map(
    [...Map.groupBy(rows, (row) => row.user_id)].map(([id, same]) => [id, new Set(same.map((row) => row.provider_id))])
  )
  return { of: (userId) => byUser.get(userId) ?? NONE }
}

const listRows = keepQuery((db, userIds: readonly string[]) =>
  db.selectFrom('provider_blocks').selectAll().where('user_id', 'in', userIds)
)
