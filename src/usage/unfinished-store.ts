import type { Db } from '../db/database.ts'
import { keepQuery } from '../db/keep-query.ts'

/** Images of requests that have not ended. */
export interface Unfinished {
  queued: number
  running: number
}

/** A person, a key of theirs, or everybody. */
export interface Whose {
  userId?: string
  keyId?: string
}

/**
 * How many images wait and run. Reads what the database counts itself (`unfinished_images`), a row of each person and key that has
 * any: the cost does not grow with what waits.
 */
export async function countUnfinished(db: Db, { userId, keyId }: Whose = {}): Promise<Unfinished> {
  const row = await db
    .selectFrom('unfinished_images')
    .select((e) => [e.fn.sum<number>('queued').as('queued'), e.fn.sum<number>('running').as('running')])
    .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
    .$if(keyId !== undefined, (q) => q.where('api_key_id', '=', keyId ?? ''))
    .executeTakeFirst()
  return { queued: Number(row?.queued ?? 0), running: Number(row?.running ?? 0) }
}

/** How many images of this person, and of everybody, wait or run, and the bytes that are stored for the person. */
export async function countTaken(db: Db, userId: string): Promise<{ own: number; all: number; storedBytes: number }> {
  const { rows } = await addUp(db, { userId })
  const [row] = rows
  return { own: Number(row?.own ?? 0), all: Number(row?.all ?? 0), storedBytes: row?.stored_bytes ?? 0 }
}

const addUp = keepQuery((db, { userId }: { userId: string }) =>
  db.selectFrom('unfinished_images').select((e) => {
    const images = e('queued', '+', e.ref('running'))
    const own = e.case().when('user_id', '=', userId).then(images).else(0).end()
    const stored = e.selectFrom('stored_bytes').select('bytes').where('owner_id', '=', userId)
    return [e.fn.sum<number>(own).as('own'), e.fn.sum<number>(images).as('all'), stored.as('stored_bytes')]
  })
)
