import type { Static, TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import { cleanText } from '../lib/clean-text.ts'

/** Schemas by what `type` says, each of one message. */
export type Schemas = Record<string, TSchema>
/** Any message of these schemas. */
export type Read<S extends Schemas> = { [K in keyof S]: Static<S[K]> }[keyof S]

/** A message, or in words why it is none: which member, and what is wrong with it. */
export type Reading<M> = { message: M; problem?: undefined } | { message?: undefined; problem: string }

/**
 * Reads JSON text as one of these messages: the one that its member `type` names, or the one that is `expected`. With
 * `clean`, every text in it comes as `cleanText` leaves it. Never throws.
 */
export function createReader<S extends Schemas>(
  schemas: S,
  { clean }: { clean: boolean }
): (text: string, expected?: keyof S & string) => Reading<Read<S>> {
  const validatorOf = compiledWhenAsked(schemas)
  return (text, expected) => {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      return { problem: 'it is not JSON' } // One more way of not being a message.
    }
    const type = expected ?? (value as { type?: unknown } | null)?.type
    const validator = typeof type === 'string' ? validatorOf(type) : undefined
    if (!validator) return { problem: 'it is of no known type' }
    if (!validator.Check(value)) return { problem: problemOf(validator.Errors(value)) }
    return { message: (clean ? cleaned(value) : value) as Read<S> }
  }
}

/** Most programs that start never read a message of most types, and to compile them all is part of each start. */
function compiledWhenAsked(schemas: Schemas): (type: string) => Validator | undefined {
  const compiled = new Map<string, Validator>()
  return (type) => {
    const validator =
      compiled.get(type) ?? (Object.hasOwn(schemas, type) ? Compile(schemas[type] as TSchema) : undefined)
    if (validator) compiled.set(type, validator)
    return validator
  }
}

interface SchemaError {
  keyword: string
  instancePath: string
  message: string
}

/** What is wrong first: of a choice, what is wrong with its first alternative. */
function problemOf(errors: readonly SchemaError[]): string {
  const [first] = errors
  if (!first) return 'it is not as it should be'
  const where = first.instancePath.slice(1).replaceAll('/', '.')
  const what = first.keyword === 'pattern' ? 'must not have control or invisible characters' : first.message
  return where === '' ? what : `${where} ${what}`
}

/** Deeper than any message goes: what lies below is a later version's, or somebody's attempt to exhaust the stack. */
const MAX_DEPTH = 10

function cleaned(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === MAX_DEPTH) return undefined
  if (Array.isArray(value)) return value.map((item) => cleaned(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, cleaned(member, depth + 1)]))
}
