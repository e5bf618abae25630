import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { errors } from '../../../lib/errors.ts'
import { Fields } from '../../openai/fields.ts'
import { errorResponses } from '../error-schema.ts'
import type { UsageContext } from './read-usage.ts'

const Person = Type.Object({
  user_id: Type.String(),
  email: Type.String(),
  given: Type.Integer({ description: 'Images this person’s providers made for others.' }),
  taken: Type.Integer({ description: 'Images this person had from the providers of others.' }),
  own: Type.Integer({ description: 'Images this person had from providers of their own.' })
})

const Provider = Type.Object({
  provider_id: Type.String(),
  name: Type.String(),
  owner_id: Type.String(),
  for_others: Type.Integer(),
  for_owner: Type.Integer()
})

/** `GET /v1/organization/usage/exchange`: who gives and who takes; members see themselves, admins all. */
export function readExchange(scope: FastifyInstance, { usage, providers, users, now }: UsageContext): void {
  scope.get<{ Querystring: Record<string, unknown> }>('/organization/usage/exchange', {
    config: { operation: 'readUsage' },
    schema: {
      tags: ['Usage'],
      summary: 'Images made for others and had from others, per person and provider',
      querystring: Type.Object({
        start_time: Type.Integer({ description: 'Unix seconds, included.' }),
        end_time: Type.Optional(Type.Integer({ description: 'Unix seconds, excluded; default now.' }))
      }),
      response: {
        200: Type.Object({
          object: Type.Literal('organization.usage.exchange'),
          people: Type.Array(Person),
          providers: Type.Array(Provider)
        }),
        ...errorResponses
      }
    },
    handler: async (request) => {
      const range = parseRange(request.query, now())
      const made = await usage.sumByProvider(range)
      const known = await providers.listProviders()
      const ownerOf = new Map(known.map((provider) => [provider.id, provider.owner_id]))
      const sum = (matching: (made: { owner: string | undefined; userId: string; providerId: string }) => boolean) =>
        made.reduce(
          (total, one) => total + (matching({ ...one, owner: ownerOf.get(one.providerId) }) ? one.images : 0),
          0
        )
      const mayRead = (userId: string) => request.principal.role === 'admin' || userId === request.principal.userId
      return {
        object: 'organization.usage.exchange',
        people: (await users.listUsers())
          .filter((user) => mayRead(user.id))
          .map(({ id, email }) => ({
            user_id: id,
            email,
            given: sum(({ owner, userId }) => owner === id && userId !== id),
            taken: sum(({ owner, userId }) => owner !== id && userId === id),
            own: sum(({ owner, userId }) => owner === id && userId === id)
          })),
        providers: known
          .filter((provider) => mayRead(provider.owner_id))
          .map(({ id, name, owner_id: ownerId }) => ({
            provider_id: id,
            name,
            owner_id: ownerId,
            for_others: sum(({ providerId, userId }) => providerId === id && userId !== ownerId),
            for_owner: sum(({ providerId, userId }) => providerId === id && userId === ownerId)
          }))
      }
    }
  })
}

function parseRange(query: Record<string, unknown>, now: number): { start: number; end: number } {
  const fields = new Fields(query)
  const start = fields.integer('start_time', { min: 0, max: 1e11 })
  if (start === undefined) throw errors.invalidRequest("'start_time' is required, in Unix seconds.", 'start_time')
  const end = fields.integer('end_time', { min: 0, max: 1e11 }) ?? Math.floor(now / 1000) + 1
  return { start: start * 1000, end: end * 1000 }
}
