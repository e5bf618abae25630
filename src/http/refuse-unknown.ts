import { errors } from '../lib/errors.ts'
import type { Fields } from './openai/fields.ts'

/** What is misspelled must not look as if it had been done. Throws `invalid_request` for a field that nobody has read. */
export function refuseUnknown(fields: Fields): void {
  const [unknown] = Object.keys(fields.rest())
  if (unknown !== undefined) throw errors.invalidRequest(`'${unknown}' is not a field of this call.`, unknown)
}
