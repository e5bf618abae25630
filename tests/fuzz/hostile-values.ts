import fc, { type Arbitrary } from 'fast-check'
import { knownId } from './known-ids.ts'

/** The part of JSON Schema that the routes and the messages of agents use. */
export interface Schema {
  type?: string
  format?: string
  const?: unknown
  enum?: readonly unknown[]
  anyOf?: readonly Schema[]
  examples?: readonly unknown[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
  items?: Schema
  properties?: Record<string, Schema>
  required?: readonly string[]
}

/** By the name of a field, what a caller says in it who means well: without such values no call would come far. */
export type Usual = Record<string, Arbitrary<unknown>>

export const HOSTILE_NUMBERS: readonly number[] = [
  ...[-0, -1, 0.5, 1e-7, 5e-324, 1e21, 1e300, -1e300],
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, -(2 ** 53), 2 ** 63, -(2 ** 63), 2 ** 64],
  // The last moment that a Date can hold, and the one after it.
  ...[8.64e15, 8.64e15 + 1]
]

const NUMBERS_AS_TEXT = [
  ...['0', '-1', '1e400', 'NaN', 'Infinity', '-Infinity', '0x10', '١٢', '9007199254740993', '18446744073709551616'],
  ...['0x0', '1x99999999', '99999999999x1', '-1x-1', 'NaNxNaN', '1970-01-01']
]
const NAMES_OF_LANGUAGES = [
  ...[
    'null',
    'undefined',
    'true',
    '[object Object]',
    '{}',
    '[]',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty'
  ]
]
const CHARACTERS = [
  ...[
    '',
    ' ',
    '\t',
    '\0',
    'a\0b',
    'a\r\nb: c',
    '\x1b[2J',
    '\x9b',
    '\u202eabc',
    '\ufeff',
    '\ufffe',
    '\ud800',
    'a\udc00'
  ],
  ...['👩‍👩‍👧‍👦', 'e\u0301'.repeat(200)]
]
const OTHER_TONGUES = [
  ...["'", '" OR 1=1 --', '\\', '`', '$&', '*', '_%_%_', '..', '../../etc/passwd', '%', '%00', '%zz', '%2e%2e%2f'],
  ...['http://127.0.0.1:1/', 'file:///etc/passwd', 'data:', 'data:image/png,', 'data:image/png;base64,'],
  ...['data:image/png;base64,AAAA', 'data:image/png;base64,====']
]
const LONG = ['x'.repeat(300), 'x'.repeat(40_000), '\u{1f98a}'.repeat(5000)]

/** Of up to a few hundred characters. */
export const SHORT_HOSTILE_TEXTS = [...NUMBERS_AS_TEXT, ...NAMES_OF_LANGUAGES, ...CHARACTERS, ...OTHER_TONGUES]
export const HOSTILE_TEXTS = [...SHORT_HOSTILE_TEXTS, ...LONG]

const nested = (depth: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

/** Any JSON value, the kinds that break programs first. */
export const hostileValue: Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<unknown>(...HOSTILE_NUMBERS) },
  { weight: 6, arbitrary: fc.constantFrom<unknown>(...HOSTILE_TEXTS) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [null], [[]], { a: null }) },
  { weight: 1, arbitrary: fc.constantFrom(20, 60, 500, 2000).map(nested) },
  { weight: 1, arbitrary: fc.constantFrom(101, 1001, 20_000).map((length) => Array<number>(length).fill(0)) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 2, arbitrary: knownId() }
)

/** Values that fit a schema on the whole, with something wrong in some of them. */
export function valueFor(schema: Schema, usual: Usual = {}): Arbitrary<unknown> {
  return fc.oneof({ weight: 8, arbitrary: fitting(schema, usual) }, { weight: 1, arbitrary: hostileValue })
}

function fitting(schema: Schema, usual: Usual): Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => valueFor(each, usual)))
  if (schema.examples) return fc.constantFrom(...schema.examples)
  switch (schema.type) {
    case 'integer':
    case 'number':
      return numberFor(schema)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return listFor(schema, usual)
    case 'object':
      return objectFor(schema, usual)
    case 'string':
      return textFor(schema)
    default:
      return hostileValue
  }
}

function numberFor({ minimum = -3, maximum = Number.MAX_SAFE_INTEGER }: Schema): Arbitrary<number> {
  const edges = fc.constantFrom(minimum - 1, minimum, maximum, maximum + 1)
  const few = fc.integer({ min: Math.ceil(minimum), max: Math.min(maximum, Math.ceil(minimum) + 5) })
  return fc.oneof({ weight: 1, arbitrary: edges }, { weight: 5, arbitrary: few })
}

function textFor({ minLength = 0, maxLength = 100 }: Schema): Arbitrary<string> {
  const edges = [minLength, minLength + 1, maxLength, maxLength + 1].map((length) => 'n'.repeat(length))
  return fc.oneof(
    { weight: 4, arbitrary: fc.string({ maxLength: 12 }) },
    { weight: 1, arbitrary: fc.constantFrom(...edges) },
    { weight: 2, arbitrary: knownId() }
  )
}

function listFor({ items = {}, maxItems = 100 }: Schema, usual: Usual): Arbitrary<unknown> {
  const item = valueFor(items, usual)
  const short = fc.array(item, { maxLength: Math.min(3, maxItems) })
  const edge = fc.tuple(item, fc.constantFrom(maxItems, maxItems + 1))
  return fc.oneof(
    { weight: 15, arbitrary: short },
    { weight: 1, arbitrary: edge.map(([one, length]) => Array<unknown>(Math.min(length, 1001)).fill(one)) }
  )
}

function objectFor({ properties = {}, required = [] }: Schema, usual: Usual): Arbitrary<unknown> {
  const members = Object.entries(properties).map(([name, schema]) => {
    const value = usual[name]
      ? fc.oneof({ weight: 9, arbitrary: usual[name] }, { weight: 1, arbitrary: hostileValue })
      : valueFor(schema, usual)
    const isThere = fc.nat(19).map((chance) => (required.includes(name) ? chance > 0 : chance > 13))
    return fc.tuple(fc.constant(name), value, isThere)
  })
  const unknown = fc.array(fc.tuple(fc.constantFrom(...SHORT_HOSTILE_TEXTS), hostileValue), { maxLength: 1 })
  return fc.tuple(fc.tuple(...members), unknown).map(([known, more]) => {
    // JSON knows `__proto__` as a member like any other; only an object without a prototype can hold it.
    const object = Object.create(null) as Record<string, unknown>
    for (const [name, value, isThere] of known) if (isThere) object[name] = value
    for (const [name, value] of more) object[name] = value
    return object
  })
}

/** As a query or a form holds it. */
export const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
