import { type Field, type FieldName, type FieldOf, FIELDS } from '../../images/fields.ts'
import { checkPixels, parseSize } from '../../images/sizes.ts'
import { errors } from '../../lib/errors.ts'
import { isLifetime, LIFETIMES } from '../../lib/lifetimes.ts'
import type { Fields } from './fields.ts'
import { parseLoras } from './parse-loras.ts'
import { parseSeed } from './parse-seed.ts'

export interface FieldReading {
  /** What operators bound values by. */
  limits: { maxPromptChars: number; maxPixels: number }
  /** What has to be told of the values comes in here. */
  warnings: string[]
}

/**
 * The value of a field as the table of fields describes it, in canonical form; undefined when it was not sent. Throws
 * `invalid_request`, of a size `invalid_size`.
 */
export type ReadField = <Name extends FieldName>(name: Name) => FieldOf<Name> | undefined

export const fieldReader =
  (fields: Fields, reading: FieldReading): ReadField =>
  <Name extends FieldName>(name: Name) =>
    readValue(fields, name, reading) as FieldOf<Name> | undefined

function readValue(fields: Fields, name: FieldName, { limits, warnings }: FieldReading): unknown {
  const { value }: Field = FIELDS[name]
  switch (value.type) {
    case 'text':
      return fields.text(name, value.maxChars === 'prompt' ? limits.maxPromptChars : value.maxChars)
    case 'integer':
      return fields.integer(name, value)
    case 'number':
      return fields.number(name, value)
    case 'lifetime':
      return readLifetime(fields, name)
    case 'boolean':
      return fields.boolean(name)
    case 'choice':
      return fields.choice(name, value.of, value.spell)
    case 'seed':
      return parseSeed(fields, warnings)
    case 'loras':
      return readLoras(fields, name, value)
    case 'size':
      return readSize(fields, name, limits.maxPixels)
  }
}

/** Throws `invalid_request` for seconds between 0 and the least. */
export function readLifetime(fields: Fields, name: string): number | undefined {
  const seconds = fields.integer(name, { min: 0, max: LIFETIMES.max })
  if (seconds === undefined || isLifetime(seconds)) return seconds
  throw errors.invalidRequest(`'${name}' must be 0 or at least ${LIFETIMES.min} seconds.`, name)
}

function readLoras(fields: Fields, name: FieldName, bounds: { maxItems: number; maxChars: number }) {
  const sent = fields.value(name)
  const loras = sent === undefined || sent === '' ? [] : parseLoras(sent, name, bounds)
  return loras.length === 0 ? undefined : loras
}

function readSize(fields: Fields, name: FieldName, maxPixels: number) {
  const size = parseSize(fields.spelling(name) ?? 'auto', name)
  if (size === 'auto') return undefined
  checkPixels(size, maxPixels)
  return size
}
