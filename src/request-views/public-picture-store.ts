import { sql, type SqlBool } from 'kysely'
import type { Database, Db } from '../db/database.ts'
import { isShown, publicRequests } from '../requests/public-request-store.ts'

/** A request's place in the list of public ones: the last to end first. */
export interface PublicKey {
  finished_at: number
  id: string
}

/** What strangers are told of a picture. */
export interface PublicPicture {
  id: string
  width: number
  height: number
}

export interface PublicPage {
  pictures: PublicPicture[]
  /** What follows comes after this; undefined at the end. */
  next: PublicKey | undefined
}

/** Requests that are looked at for one page. Those of people who were shut out are among them, so that a page may be short. */
const SLICE = 200
/** A page ends with the request that brings it there. */
const PICTURES = 60

/**
 * Public pictures, the newest first, after the request `after`. What has expired, what goes once it was fetched and what is of people
 * who were shut out is not among them.
 */
export async function listPublicPictures(
  { db, clock }: Pick<Database, 'db' | 'clock'>,
  after: PublicKey | undefined
): Promise<PublicPage> {
  const slice = await publicRequests(db)
    .select(['requests.id', 'requests.finished_at', 'requests.n', sql<number>`${isShown(clock.now())}`.as('is_shown')])
    .$if(after !== undefined, (q) =>
      q.where(sql<SqlBool>`(requests.finished_at, requests.id) < (${after?.finished_at}, ${after?.id})`)
    )
    .orderBy('requests.finished_at', 'desc')
    .orderBy('requests.id', 'desc')
    .limit(SLICE)
    .execute()
  let count = 0
  const end = slice.findIndex(({ n, is_shown }) => (count += is_shown ? n : 0) >= PICTURES)
  const page = end === -1 ? slice : slice.slice(0, end + 1)
  const last = page.at(-1)
  const isEnd = page.length === slice.length && slice.length < SLICE
  return {
    pictures: await listPictures(
      db,
      page.flatMap(({ id, is_shown }) => (is_shown ? [id] : []))
    ),
    next: last && !isEnd ? { finished_at: last.finished_at ?? 0, id: last.id } : undefined
  }
}

/** In the order of their requests, which is given, and in it by position. */
async function listPictures(db: Db, requestIds: readonly string[]): Promise<PublicPicture[]> {
  if (requestIds.length === 0) return []
  const rows = await db
    .selectFrom('assets')
    .select(['id', 'width', 'height', 'request_id', 'position'])
    .where('request_id', 'in', requestIds)
    .where('kind', '=', 'output')
    .execute()
  const place = new Map(requestIds.map((id, index) => [id, index]))
  return rows
    .toSorted((a, b) => (place.get(a.request_id) ?? 0) - (place.get(b.request_id) ?? 0) || a.position - b.position)
    .map(({ id, width, height }) => ({ id, width, height }))
}
