import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { HttpContext } from '../../http-context.ts'
import { GROUPINGS, parseUsageQuery } from '../../openai/parse-usage-query.ts'
import { presentUsage, presentUsageCsv } from '../../openai/present-usage.ts'
import { errorResponses } from '../error-schema.ts'

export type UsageContext = Pick<HttpContext, 'usage' | 'providers' | 'users' | 'now'>

const list = (description: string) => Type.Optional(Type.Array(Type.String(), { description }))

const UsagePage = Type.Object({
  object: Type.Literal('page'),
  data: Type.Array(
    Type.Object({
      object: Type.Literal('bucket'),
      start_time: Type.Integer(),
      end_time: Type.Integer(),
      results: Type.Array(Type.Record(Type.String(), Type.Unknown()))
    })
  ),
  has_more: Type.Boolean(),
  next_page: Type.Union([Type.String(), Type.Null()])
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
        start_time: Type.Integer({ description: 'Unix seconds, included.' }),
        end_time: Type.Optional(Type.Integer({ description: 'Unix seconds, excluded; default now.' })),
        bucket_width: Type.Optional(Type.Enum(['1m', '1h', '1d'], { default: '1d' })),
        group_by: Type.Optional(Type.Array(Type.Enum(Object.keys(GROUPINGS)))),
        sources: list('image.generation, image.edit, image.variation'),
        sizes: list('WIDTHxHEIGHT, as decoded.'),
        models: list('Model ids.'),
        user_ids: list('For admins.'),
        api_key_ids: list('Key ids.'),
        provider_ids: list('Provider ids.'),
        limit: Type.Optional(Type.Integer({ minimum: 1, description: 'Buckets per page.' })),
        page: Type.Optional(Type.String({ description: 'The `next_page` before.' })),
        format: Type.Optional(Type.Enum(['json', 'csv']))
      }),
      response: { 200: UsagePage, ...errorResponses }
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
