import type { Db } from '../db/database.ts'

/** The table has one row at most, of this id. */
const ID = 1

export interface StoredPicture {
  /** Base64. */
  png: string
  sha256: string
}

export const findPicture = (db: Db): Promise<StoredPicture | undefined> =>
  db.selectFrom('club_picture').select(['png', 'sha256']).where('id', '=', ID).executeTakeFirst()

export async function findPictureHash(db: Db): Promise<string | undefined> {
  const row = await db.selectFrom('club_picture').select('sha256').where('id', '=', ID).executeTakeFirst()
  return row?.sha256
}

export async function writePicture(db: Db, picture: StoredPicture & { by: string; now: number }): Promise<void> {
  const { png, sha256, by, now } = picture
  const change = { png, sha256, changed_at: now, changed_by: by }
  await db
    .insertInto('club_picture')
    .values({ id: ID, ...change })
    .onConflict((c) => c.column('id').doUpdateSet(change))
    .execute()
}

export async function deletePicture(db: Db): Promise<void> {
  await db.deleteFrom('club_picture').where('id', '=', ID).execute()
}
