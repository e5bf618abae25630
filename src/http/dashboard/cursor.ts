import { errors } from '../../lib/errors.ts'
import type { Fields } from '../openai/fields.ts'

/** Where a page of a list that is newest first ended. */
export interface Cursor {
  created_at: number
  id: string
}

/** The last moment that a `Date` can tell, and the largest of a cursor. */
export const LATEST = 8.64e15
const MOST_CURSOR_CHARACTERS = 500

/** Where a page ended, as the next call names it. */
export const presentCursor = ({ created_at, id }: Cursor): string => `${created_at.toString(36)}.${id}`

/** The field `cursor`. Throws `invalid_request`. */
export function parseCursor(fields: Fields): Cursor | undefined {
  const cursor = fields.text('cursor', MOST_CURSOR_CHARACTERS)
  if (cursor === undefined) return undefined
  const [, digits = '', id = ''] = /^([0-9a-z]{1,11})\.(\w+)$/.exec(cursor) ?? []
  const created_at = parseInt(digits, 36)
  if (id === '' || created_at > LATEST) {
    throw errors.invalidRequest("'cursor' must be the 'next' of an earlier page.", 'cursor')
  }
  return { created_at, id }
}
