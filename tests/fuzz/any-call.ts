import fc, { type Arbitrary } from 'fast-check'
import { formOf } from './hostile-forms.ts'
import { HOSTILE_NUMBERS, HOSTILE_TEXTS, SHORT_HOSTILE_TEXTS, valueFor } from './hostile-values.ts'
import { asText, CALLERS, type HttpCase, type Pair } from './http-case.ts'
import { jsonText } from './json-text.ts'
import { type IdKind, knownId } from './known-ids.ts'
import type { Operation } from './routes.ts'
import { type Schema, soundObject, type Usual } from './sound-values.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'get', 'BREW']

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const image: Schema = {
  type: 'object',
  properties: {
    image_url: {
      examples: [`data:image/png;base64,${PNG}`, `data:image/png;base64,${PNG}`, 'https://example.org/x.png']
    },
    file_id: { type: 'string' }
  }
}
const reference = fc.oneof(
  fc.record({ image_url: fc.constant(`data:image/png;base64,${PNG}`) }),
  fc.record({ file_id: knownId('asset') }),
  valueFor(image)
)
const images = fc.array(reference, { minLength: 1, maxLength: 3 })
const PASSWORD = fc.constant('correct horse battery')

/** What a call that is served says in the fields of which the schemas do not tell it. */
const usual: Usual = {
  model: fc.constant('demo'),
  prompt: fc.constantFrom('a fox', '🦊', 'a\nb'),
  size: fc.constantFrom('32x32', '48x32', '64x64'),
  n: fc.constantFrom(1, 1, 2, '2', 3),
  steps: fc.constantFrom(1, 2, '3'),
  images,
  image: reference,
  mask: reference,
  requests: fc.array(
    fc.record({
      endpoint: fc.constantFrom('/v1/images/generations', '/v1/images/edits', '/v1/images/variations'),
      body: fc.oneof(
        fc.record({ model: fc.constant('demo'), prompt: fc.constant('a fox'), size: fc.constant('32x32'), images }),
        valueFor({ type: 'object', properties: { model: {}, prompt: {}, images: {}, n: {}, webhook_url: {} } })
      )
    }),
    { minLength: 1, maxLength: 3 }
  ),
  start_time: fc.constantFrom(0, 1_700_000_000),
  token: knownId('token'),
  email: fc.nat(1000).map((number) => `fuzz-${number}@example.org`),
  password: PASSWORD,
  rememberMe: fc.boolean(),
  currentPassword: PASSWORD,
  newPassword: PASSWORD
}

/** Fields of image calls as no schema has them, or with values that are of later versions. */
const UNDOCUMENTED_FIELDS: Record<string, Schema> = {
  webhook_url: { examples: ['http://127.0.0.1:1/', 'https://example.org/x', 'ftp://a'] },
  stream: { type: 'boolean' },
  partial_images: { type: 'integer', minimum: 0, maximum: 3 },
  input_fidelity: { enum: ['low', 'high'] }
}

const headerNames = [
  ...['accept', 'authorization', 'connection', 'content-disposition', 'content-encoding', 'content-length'],
  ...['content-type', 'cookie', 'expect', 'forwarded', 'host', 'idempotency-key', 'if-none-match', 'if-range'],
  ...['last-event-id', 'openai-organization', 'origin', 'prefer', 'range', 'sec-fetch-site', 'sec-websocket-key', 'te'],
  ...['transfer-encoding', 'upgrade', 'x-forwarded-for', 'x-forwarded-host', 'x-http-method-override'],
  ...['x-inference-club-result', 'a b', '__proto__']
]
const header: Arbitrary<Pair> = fc.tuple(
  fc.constantFrom(...headerNames),
  fc.oneof(
    fc.constantFrom(...HOSTILE_TEXTS, ...HOSTILE_NUMBERS.map(String)),
    fc.constantFrom('gzip', 'br', 'chunked', 'websocket', '100-continue', 'bytes=0-', 'bytes=-1', 'bytes=5-2,0-0', '*'),
    fc.constantFrom('application/json', 'application/json; charset=utf-16', 'text/plain', 'text/csv', 'cross-site'),
    fc.constantFrom('multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=""'),
    fc.constantFrom('Bearer', 'Bearer ic_', 'Basic x:y')
  )
)

const ID_OF: readonly (readonly [RegExp, IdKind])[] = [
  [/\/(jobs|requests)\/$/, 'job'],
  [/\/batches\/$/, 'batch'],
  [/\/assets\/$/, 'asset'],
  [/\/keys\/$/, 'key'],
  [/\/providers\/$/, 'provider'],
  [/\/(people|blocks)\/$/, 'person'],
  [/\/invitations\/$/, 'invitation'],
  [/deliveries\/$/, 'delivery']
]

/** An id behind such a path: mostly one that is there. */
const idBehind = (path: string): Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: knownId(ID_OF.find(([pattern]) => pattern.test(path))?.[1]) },
    { weight: 1, arbitrary: fc.constantFrom('demo', 'image0', 'index.html') },
    { weight: 2, arbitrary: fc.constantFrom(...HOSTILE_TEXTS).map((text) => encodeURIComponent(text.toWellFormed())) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('%', '%ff', '%c0%af', '..', '.', '', ';', 'a/b', '%2F', ':id', '*', '%0d%0a')
    }
  )

function pathOf(pattern: string): Arbitrary<string> {
  const pieces = pattern.split(/:\w+|\*/)
  const ids = fc.tuple(...pieces.slice(1).map((_, index) => idBehind(pieces[index]!)))
  const whole = ids.map((values) => pieces[0]! + values.map((value, index) => value + pieces[index + 1]!).join(''))
  const end = fc.constantFrom('/', '//', '/..', '%00', '?', '#', '/{}', '\\', '/%', ';a=b')
  return fc.oneof(
    { weight: 12, arbitrary: whole },
    { weight: 1, arbitrary: fc.tuple(whole, end).map((two) => two.join('')) }
  )
}

/** The parameters it knows, as they should be, or any. A list is said by several of the same name. */
function queryOf(query: Schema): Arbitrary<Pair[]> {
  const pairsOf = ([name, value]: readonly [string, unknown]): Pair[] =>
    [value].flat().map((one) => [name, asText(one).slice(0, 3000)])
  const sound = soundObject(query, usual).map((all) => Object.entries(all).flatMap(pairsOf))
  const known = query.properties ?? {}
  const any = fc
    .constantFrom(...Object.keys(known), 'limit', 'a[b]', ...SHORT_HOSTILE_TEXTS)
    .chain((name) => valueFor(known[name] ?? {}).map((value) => pairsOf([name, asText(value)])))
  return fc.oneof(
    { weight: 3, arbitrary: sound },
    { weight: 1, arbitrary: fc.array(any, { maxLength: 5 }).map((all) => all.flat()) }
  )
}

type Sent = Pick<HttpCase, 'body' | 'headers'>

function bodyOf({ bodies }: Operation): Arbitrary<Sent> {
  const kinds = Object.entries(bodies).map(([type, schema]): Arbitrary<Sent> => {
    const schemas = fc.oneof(
      { weight: 5, arbitrary: fc.constant(schema) },
      { weight: 1, arbitrary: fc.constant(widened(schema)) }
    )
    return type === 'multipart/form-data'
      ? schemas.chain((one) => formOf(one, usual)).map((body) => ({ body, headers: [] }))
      : schemas
          .chain((one) => jsonText(valueFor(withWhatImagesNeed(one), usual)))
          .map((text) => ({ body: { text }, headers: [['content-type', type]] }))
  })
  const none = fc.constant<Sent>({ body: undefined, headers: [] })
  return kinds.length === 0
    ? none
    : fc.oneof({ weight: 1, arbitrary: none }, ...kinds.map((arbitrary) => ({ weight: 10, arbitrary })))
}

/** Of an image call also what no schema tells. */
const widened = (schema: Schema): Schema =>
  schema.properties?.response_format === undefined
    ? schema
    : { ...schema, properties: { ...schema.properties, ...UNDOCUMENTED_FIELDS } }

/** Most pictures are small, or nothing else would be done. */
const NEEDED_BY_IMAGES = ['model', 'prompt', 'size']

const withWhatImagesNeed = ({ required = [], ...schema }: Schema): Schema => ({
  ...schema,
  required: [...required, ...(schema.properties?.size ? NEEDED_BY_IMAGES : [])]
})

const caseOf = (operation: Operation): Arbitrary<HttpCase> =>
  fc
    .record({
      caller: fc.oneof(
        { weight: 8, arbitrary: fc.constant('member' as const) },
        { weight: 5, arbitrary: fc.constant('admin' as const) },
        { weight: 2, arbitrary: fc.constantFrom(...CALLERS) }
      ),
      method: fc.oneof(
        { weight: 14, arbitrary: fc.constant(operation.method) },
        { weight: 1, arbitrary: fc.constantFrom(...METHODS) }
      ),
      path: pathOf(operation.path),
      query: queryOf(operation.query),
      headers: fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(header, { maxLength: 4 }) }
      ),
      sent: bodyOf(operation),
      cut: fc.oneof({ weight: 14, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(400) })
    })
    .map(({ sent, headers, cut, ...rest }) => ({
      ...rest,
      body: sent.body,
      headers: [...sent.headers, ...headers],
      ...(cut !== undefined && { cut })
    }))

/** A call of any of the operations, something wrong with most; those with a body come more often. */
export const anyCall = (operations: readonly Operation[]): Arbitrary<HttpCase> =>
  fc.oneof(
    ...operations.map((operation) => ({
      weight: 1 + 3 * Object.keys(operation.bodies).length,
      arbitrary: caseOf(operation)
    }))
  )
