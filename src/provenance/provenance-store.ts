import type { Db } from '../db/database.ts'

/** Whether an image of these bytes was made here and is still kept. */
export async function hasOutput(db: Db, sha256: string): Promise<boolean> {
  const row = await db
    .selectFrom('assets')
    .select('id')
    .where('sha256', '=', sha256)
    .where('kind', '=', 'output')
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
