import type { Database } from '../db/database.ts'
import { isImageKeptAt } from '../db/kept-at.ts'

/** Whether an image of these bytes was made here and is still kept. */
export async function hasOutput({ db, clock }: Pick<Database, 'db' | 'clock'>, sha256: string): Promise<boolean> {
  const row = await db
    .selectFrom('assets')
    .innerJoin('requests', 'requests.id', 'assets.request_id')
    .select('assets.id')
    .where('assets.sha256', '=', sha256)
    .where('assets.kind', '=', 'output')
    .where(isImageKeptAt(clock.now()))
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}
