import type { FastifyInstance } from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { HttpContext } from '../../http-context.ts'
import { GROUPINGS, parseUsageQuery, SOURCES } from '../../openai/parse-usage-query.ts'
import { presentUsage, presentUsageCsv } from '../../openai/present-usage.ts'
import { errorResponses } from '../error-schema.ts'
import { TimeRange } from '../request-schemas.ts'

export type UsageContext = Pick<HttpContext, 'usage' | 'providers' | 'users' | 'now'>

const list = (description: string, of: TSchema = Type.String({ maxLength: 200 })) =>
  Type.Optional(Type.Array(of, { maxItems: 100, description: `${description} Repeated for several.` }))

const nullable = Type.Union([Type.String(), Type.Null()])

const UsageResult = Type.Object({
  object: Type.Literal('organization.usage.images.result'),
  images: Type.Integer({ description: 'Images that were stored.' }),
  num_model_requests: Type.Integer(),
  source: nullable,
  size: nullable,
  project_id: Type.Null(),
  user_id: nullable,
  api_key_id: nullable,
  model: nullable,
  provider_id: nullable
})

const UsagePage = Type.Object({
  object: Type.Literal('page'),
  data: Type.Array(
    Type.Object({
      object: Type.Literal('bucket'),
      start_time: Type.Integer(),
      end_time: Type.Integer(),
      results: Type.Array(UsageResult)
    })
  ),
  has_more: Type.Boolean(),
  next_page: Type.Union([Type.String(), Type.Null()])
})

const UsageAnswer = Type.Unsafe<unknown>({
  description: 'A page of buckets.',
  content: { 'application/json': { schema: UsagePage }, 'text/csv': { schema: Type.String() } },
  headers: { 'x-next-page': Type.String({ description: 'Of CSV: the `next_page`, unless this is the last one.' }) }
})

/** `GET /v1/organization/usage/images`: as OpenAI's, counted from stored images; members see their own. */
export function readUsage(scope: FastifyInstance, { usage, now }: UsageContext): void {
  scope.get<{ Querystring: Record<string, unknown> }>('/organization/usage/images', {
    config: { operation: 'readUsage' },
    schema: {
      tags: ['Usage'],
      summary: 'Images made, per bucket of time and group',
      description: 'With `accept: text/csv` or `format=csv` as CSV.',
      querystring: Type.Object({
        ...TimeRange,
        bucket_width: Type.Optional(Type.Enum(['1m', '1h', '1d'], { default: '1d' })),
        group_by: list(
          'What else to tell apart: a member of each result is null unless it is grouped by.',
          Type.Enum(Object.keys(GROUPINGS))
        ),
        sources: list('What made them.', Type.Enum(Object.keys(SOURCES))),
        sizes: list('WIDTHxHEIGHT, as decoded.'),
        models: list('Model ids.'),
        user_ids: list('For admins.'),
        api_key_ids: list('Key ids.'),
        provider_ids: list('Provider ids.'),
        limit: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 1440,
            description: 'Buckets per page: at most 1440 minutes (default 60), 168 hours (24) or 31 days (7).'
          })
        ),
        page: Type.Optional(Type.String({ maxLength: 40, description: 'The `next_page` before.' })),
        format: Type.Optional(Type.Enum(['json', 'csv'], { default: 'json' }))
      }),
      response: { 200: UsageAnswer, ...errorResponses() }
    },
    handler: async (request, reply) => {
      const query = parseUsageQuery(request.query, now())
      const sums = await usage.sum(request.principal, query.filter)
      const csv = request.query.format === 'csv' || /\btext\/csv\b/.test(request.headers.accept ?? '')
      if (!csv) return presentUsage(query, sums)
      if (query.nextStart !== undefined) void reply.header('x-next-page', presentUsage(query, []).next_page)
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="usage-images.csv"')
        .send(presentUsageCsv(query, sums))
    }
  })
}
