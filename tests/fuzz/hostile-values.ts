import fc, { type Arbitrary } from 'fast-check'
import { knownId } from './known-ids.ts'
import { type Schema, soundObject, soundValue, type Usual } from './sound-values.ts'

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

/** Half characters included, which the units of `fc.string` are not. */
const anyCharacters = fc
  .array(fc.nat(0x10ffff), { maxLength: 40 })
  .map((points) => points.map((point) => String.fromCodePoint(point)).join(''))

/** Any JSON value, the kinds that break programs first. */
export const hostileValue: Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<unknown>(...HOSTILE_NUMBERS) },
  { weight: 6, arbitrary: fc.constantFrom<unknown>(...HOSTILE_TEXTS) },
  { weight: 2, arbitrary: anyCharacters },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [null], [[]], { a: null }) },
  { weight: 1, arbitrary: fc.constantFrom(20, 60, 500, 2000).map(nested) },
  { weight: 1, arbitrary: fc.constantFrom(101, 1001, 20_000).map((length) => Array<number>(length).fill(0)) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 2, arbitrary: knownId() }
)

/** Values that fit a schema on the whole, with something wrong in them here and there. */
export function valueFor(schema: Schema, usual: Usual = {}): Arbitrary<unknown> {
  return fc.oneof({ weight: 8, arbitrary: nearlySound(schema, usual) }, { weight: 1, arbitrary: hostileValue })
}

function nearlySound(schema: Schema, usual: Usual): Arbitrary<unknown> {
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => valueFor(each, usual)))
  const edges = edgesOf(schema, usual)
  const sound = soundValue(schema, usual)
  if (schema.type === 'object') return objectFor(schema, usual)
  return edges ? fc.oneof({ weight: 5, arbitrary: sound }, { weight: 1, arbitrary: edges }) : sound
}

/** What is just allowed, and what is just not. */
function edgesOf({ type, minimum, maximum, ...schema }: Schema, usual: Usual): Arbitrary<unknown> | undefined {
  switch (type) {
    case 'integer':
    case 'number': {
      const [min, max] = [minimum ?? -3, maximum ?? Number.MAX_SAFE_INTEGER]
      return fc.constantFrom(min - 1, min, max, max + 1)
    }
    case 'string': {
      const [min, max] = [schema.minLength ?? 0, schema.maxLength ?? 100]
      return fc.constantFrom(...[min, min + 1, max, max + 1].map((length) => 'n'.repeat(length)))
    }
    case 'array': {
      const longest = Math.min(schema.maxItems ?? 100, 1000)
      const whole = fc.tuple(valueFor(schema.items ?? {}, usual), fc.constantFrom(longest, longest + 1))
      const few = fc.array(valueFor(schema.items ?? {}, usual), { maxLength: 3 })
      return fc.oneof(
        { weight: 3, arbitrary: few },
        { weight: 1, arbitrary: whole.map(([one, length]) => Array<unknown>(length).fill(one)) }
      )
    }
    default:
      return undefined
  }
}

/** Which members are wrong: of most objects none or one, for a call with many mistakes is refused for the first. */
const whichAreWrong = (count: number): Arbitrary<readonly number[]> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 4, arbitrary: fc.nat(count).map((index) => [index]) },
    { weight: 2, arbitrary: fc.subarray(Array.from({ length: count + 1 }, (_, index) => index)) }
  )

/** One wrong member more than the schema has is one that it does not know. */
function objectFor(schema: Schema, usual: Usual): Arbitrary<unknown> {
  const members = Object.entries(schema.properties ?? {})
  const wrongs = members.map(([name, member]) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constant(undefined) },
      { weight: 5, arbitrary: hostileValue },
      { weight: 9, arbitrary: nearlySound(member, name in usual ? {} : usual) }
    )
  )
  const unknown = fc.tuple(fc.constantFrom(...SHORT_HOSTILE_TEXTS), hostileValue)
  return fc
    .tuple(soundObject(schema, usual), fc.tuple(...wrongs), unknown, whichAreWrong(members.length))
    .map(([sound, wrong, [name, value], which]) => {
      for (const index of which) {
        const member = members[index]?.[0]
        if (member === undefined) sound[name] = value
        // Undefined is no member in JSON.
        else sound[member] = wrong[index]
      }
      return sound
    })
}
