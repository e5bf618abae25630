import { STATUS_CODES } from '../../lib/node-http.ts'
import { ErrorResponse } from '../v1/error-schema.ts'

/** In the order of the reference. */
export const TAGS = [
  { name: 'Images', description: 'Make, edit and vary images, as with OpenAI’s images API.' },
  {
    name: 'Jobs',
    description: 'Every call for images is a job, also one that waits: look at it, follow, cancel or repeat it.'
  },
  { name: 'Models', description: 'What is online for you.' },
  { name: 'Webhooks', description: 'What was sent to your `webhook_url`s, signed as Standard Webhooks has it.' },
  { name: 'Batches', description: 'Many requests at once.' },
  { name: 'Usage', description: 'What was made, counted by image. The key needs the scope `usage`.' }
] as const

/** The parts of OpenAPI's objects that are read and written here. */
export interface ApiOperation {
  operationId?: string
  tags?: readonly string[]
  security?: readonly object[]
  responses?: Record<string, ApiResponse>
  requestBody?: { content: Record<string, { schema: object; examples?: Record<string, { value: unknown }> }> }
  parameters?: { name: string; in: string; required?: boolean; schema: Record<string, unknown> }[]
}
interface ApiResponse {
  description?: string
  headers?: Record<string, object>
  content?: Record<string, { schema: object }>
}
type PathItem = Record<string, ApiOperation>
export interface ApiDocument {
  paths: Record<string, PathItem>
  components: Record<string, Record<string, object>>
}

const text = (description: string) => ({ description, schema: { type: 'string' } })
const whole = (description: string) => ({ description, schema: { type: 'integer' } })

/** Headers that no route adds by itself. */
const HEADERS = {
  'x-request-id': text('The id of this exchange.'),
  'x-ratelimit-limit-requests': whole('Calls per minute, where they are limited.'),
  'x-ratelimit-remaining-requests': whole('How many of them are left.'),
  'x-ratelimit-reset-requests': text('When all are there again, such as `12ms`, `1s` or `6m0s`.'),
  'retry-after': whole('Seconds, where waiting helps.'),
  'retry-after-ms': whole('The same in milliseconds.'),
  'x-should-retry': {
    description: '`false`: the same call again cannot help, or would do the work twice.',
    schema: { type: 'string', enum: ['false'] }
  },
  'www-authenticate': text('`Bearer`')
}
type HeaderName = keyof typeof HEADERS

const RATES = ['x-ratelimit-limit-requests', 'x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests'] as const
const MAY_WAIT = ['429', '503']

/**
 * What `@fastify/swagger` makes of the routes, with what it cannot know: the order of tags, the headers that hooks add, the
 * one shape of errors as a component. HEAD, which mirrors GET, is left out.
 */
export function completeDocument(document: ApiDocument): ApiDocument {
  const order = (item: PathItem) =>
    TAGS.findIndex(({ name }) => Object.values(item).some(({ tags }) => tags?.includes(name)))
  const paths = Object.entries(document.paths)
    .map(([path, { head: _mirrored, ...item }]) => [path, item] as const)
    // Stable: within a tag as the routes were added, calls under /v1 first.
    .sort(
      ([a, one], [b, other]) => order(one) - order(other) || Number(b.startsWith('/v1')) - Number(a.startsWith('/v1'))
    )
  for (const [, item] of paths) for (const operation of Object.values(item)) completeOperation(operation)
  nameTypes(paths)
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: { ...document.components, headers: HEADERS, schemas: { Error: ErrorResponse } }
  }
}

const ERROR_CONTENT = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }

function completeOperation(operation: ApiOperation): void {
  const isLimited = operation.security === undefined
  operation.responses = { ...operation.responses, default: { description: 'Any other error, in the same shape.' } }
  for (const [status, response] of Object.entries(operation.responses)) {
    const isError = status === 'default' || Number(status) >= 400
    if (response.description === 'Default Response') response.description = STATUS_CODES[status] ?? status
    if (isError) response.content = ERROR_CONTENT
    const names: HeaderName[] = ['x-request-id']
    if (isLimited && status !== '401') names.push(...RATES)
    if (isError) names.push('x-should-retry')
    if (MAY_WAIT.includes(status)) names.push('retry-after', 'retry-after-ms')
    if (status === '401') names.push('www-authenticate')
    const references = names.map((name) => [name, { $ref: `#/components/headers/${name}` }])
    response.headers = { ...response.headers, ...(Object.fromEntries(references) as Record<string, object>) }
  }
}

/** A choice of words is of type string; readers of the document show nothing where the type is missing. */
function nameTypes(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  const schema = value as { enum?: unknown; type?: unknown }
  if (Array.isArray(schema.enum) && schema.type === undefined && schema.enum.every((one) => typeof one === 'string')) {
    schema.type = 'string'
  }
  for (const member of Object.values(value)) nameTypes(member)
}
