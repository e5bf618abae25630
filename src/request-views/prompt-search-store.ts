import type { Db } from '../db/database.ts'
import { inIndex } from '../db/prompt-index.ts'
import type { RequestState } from '../db/tables.ts'
import { type Candidate, hasWorkedOn, type RequestKey, type SliceFilter } from './request-search-store.ts'

/** The first `limit` requests, in no order, whose prompts no index has yet. */
export const listNotIndexed = (db: Db, limit: number): Promise<RequestKey[]> =>
  db.selectFrom('requests').select(['created_at', 'id']).where('search_doc', 'is', null).limit(limit).execute()

/** `limit` requests, in no order, whose prompts may have what was searched for by what the index tells of them. */
export const listIndexed = (
  db: Db,
  { limit, ...wanted }: { grams: readonly string[]; userId: string | undefined; limit: number }
): Promise<RequestKey[]> =>
  db
    .selectFrom('requests')
    .select(['created_at', 'id'])
    .where('search_doc', 'in', inIndex(wanted))
    .limit(limit)
    .execute()

export interface PromptFilter extends Omit<SliceFilter, 'withPrompt'> {
  userId?: string | undefined
  states?: readonly RequestState[] | undefined
  model?: string | undefined
}

/**
 * Those of these requests that pass the filter, in no order, with their prompts. What is in the row is compared here: asked for
 * it with the ids, SQLite would rather read all of a person, or all in a state.
 */
export async function listAmong(
  db: Db,
  ids: readonly string[],
  { userId, states, model, kind, visibility, providerId }: PromptFilter
): Promise<Candidate[]> {
  const rows = await db
    .selectFrom('requests')
    .select(['created_at', 'id', 'prompt', 'user_id', 'state', 'model', 'kind', 'visibility'])
    .where('id', 'in', ids)
    .$if(providerId !== undefined, (q) => q.where(hasWorkedOn(providerId ?? '', 'requests.id')))
    .execute()
  const isAny = <T>(wanted: T | undefined, value: T) => wanted === undefined || wanted === value
  return rows.filter(
    (row) =>
      isAny(userId, row.user_id) &&
      (states === undefined || states.includes(row.state)) &&
      isAny(model, row.model) &&
      isAny(kind, row.kind) &&
      isAny(visibility, row.visibility)
  )
}
