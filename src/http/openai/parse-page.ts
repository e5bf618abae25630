import type { Fields } from './fields.ts'

const DEFAULT_LIMIT = 50
const MOST = 200

/** `limit` (1 – 200, default 50) and `after` of a list call. Throws `invalid_request`. */
export function parsePage(fields: Fields): { limit: number; after?: string } {
  const after = fields.text('after', 100)
  return {
    limit: fields.integer('limit', { min: 1, max: MOST }) ?? DEFAULT_LIMIT,
    ...(after !== undefined && { after })
  }
}
