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

/** Those of these requests that pass the filter, in no order, with their prompts. */
export function listAmong(
  db: Db,
  ids: readonly string[],
  { userId, states, model, kind, visibility, providerId }: PromptFilter
): Promise<Candidate[]> {
  return db
    .selectFrom('requests')
    .select(['created_at', 'id', 'prompt'])
    .where('id', 'in', ids)
    .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
    .$if(states !== undefined, (q) => q.where('state', 'in', states ?? []))
    .$if(model !== undefined, (q) => q.where('model', '=', model ?? ''))
    .$if(kind !== undefined, (q) => q.where('kind', '=', kind ?? ''))
    .$if(visibility !== undefined, (q) => q.where('visibility', '=', visibility ?? 'SECRET'))
    .$if(providerId !== undefined, (q) => q.where(hasWorkedOn(providerId ?? '', 'requests.id')))
    .execute()
}
