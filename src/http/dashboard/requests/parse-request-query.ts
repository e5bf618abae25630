import type { SightRules } from '../../../assets/may-see.ts'
import type { Principal } from '../../../lib/principal.ts'
import { VISIBILITIES } from '../../../lib/visibility.ts'
import { searchWords } from '../../../lib/match-words.ts'
import { ENDED, UNFINISHED } from '../../../requests/request-states.ts'
import type { RequestSearch } from '../../../request-views/search-requests.ts'
import { Fields } from '../../openai/fields.ts'
import type { RequestKind } from '../contract/requests.ts'
import { LATEST, parseCursor } from '../cursor.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'
import { parseOwner } from './parse-owner.ts'

const KINDS = ['generation', 'edit', 'variation'] as const satisfies readonly RequestKind[]
const STATUSES = ['active', ...UNFINISHED, ...ENDED] as const
const DEFAULT_LIMIT = 50
const MOST = 200
const MOST_SEARCH_CHARACTERS = 500
const MOST_NAME_CHARACTERS = 500

/**
 * The parameters of `GET /api/dashboard/requests`. Throws `invalid_request` with the name of one that is malformed or
 * unknown, `permission_denied` for an `owner` whose requests the reader may not see.
 */
export function parseRequestQuery(query: Record<string, unknown>, reader: Principal, rules: SightRules): RequestSearch {
  const fields = new Fields(query)
  const status = fields.choice('status', STATUSES)
  const moment = { min: 0, max: LATEST }
  const search = {
    userId: parseOwner(fields, reader, rules),
    words: searchWords(fields.text('q', MOST_SEARCH_CHARACTERS) ?? ''),
    model: fields.text('model', MOST_NAME_CHARACTERS),
    providerId: fields.text('provider', MOST_NAME_CHARACTERS),
    states: status === 'active' ? UNFINISHED : status && [status],
    kind: fields.choice('kind', KINDS),
    visibility: fields.choice('visibility', VISIBILITIES),
    from: fields.integer('from', moment),
    to: fields.integer('to', moment),
    after: parseCursor(fields),
    limit: fields.integer('limit', { min: 1, max: MOST }) ?? DEFAULT_LIMIT
  }
  refuseUnknown(fields)
  return search
}
