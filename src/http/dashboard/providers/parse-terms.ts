import { errors } from '../../../lib/errors.ts'
import { MOST_LISTED, type OwnerTerms } from '../../../providers/service-terms.ts'
import { Fields } from '../../openai/fields.ts'
import { jsonObject } from '../../json-object.ts'
import { refuseUnknown } from '../../refuse-unknown.ts'

/** As in the agent's file. */
const MOST_IMAGES = 1_000_000
const MOST_ID_CHARACTERS = 200

/** A `ServiceTermsChange`. Throws `invalid_request`. */
export function parseTerms(body: unknown): { terms: OwnerTerms; isPaused: boolean } {
  const fields = new Fields(jsonObject(body))
  const access = fields.choice('access', ['members', 'private', 'listed'])
  const people = parsePeople(fields.value('people'))
  if (access === 'listed' && people.length === 0) {
    throw errors.invalidRequest("'people' must name those whom it serves.", 'people')
  }
  const terms = {
    ...(access !== undefined && { access: access === 'listed' ? people : access }),
    ...cap(fields, 'imagesPerHour'),
    ...cap(fields, 'imagesPerUserHour')
  }
  const isPaused = fields.boolean('isPaused') ?? false
  refuseUnknown(fields)
  return { terms, isPaused }
}

function cap(fields: Fields, name: 'imagesPerHour' | 'imagesPerUserHour'): OwnerTerms {
  if (fields.value(name) === 'none') return { [name]: 'none' }
  if (fields.value(name) === 0) {
    throw errors.invalidRequest(
      `'${name}' must be at least 1: 'private' as 'access' lets others have nothing, 'none' as much as they like.`,
      name
    )
  }
  const count = fields.integer(name, { min: 1, max: MOST_IMAGES })
  return count === undefined ? {} : { [name]: count }
}

function parsePeople(value: unknown): string[] {
  if (value === undefined) return []
  const isId = (id: unknown) => typeof id === 'string' && id !== '' && id.length <= MOST_ID_CHARACTERS
  if (!Array.isArray(value) || value.length > MOST_LISTED || !value.every(isId)) {
    throw errors.invalidRequest(`'people' must be a list of at most ${MOST_LISTED} ids.`, 'people')
  }
  return [...new Set(value as string[])]
}
