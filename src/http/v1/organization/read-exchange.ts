import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { Fields } from '../../openai/fields.ts'
import { parseTimeRange } from '../../openai/parse-usage-query.ts'
import { errorResponses } from '../error-schema.ts'
import { TimeRange } from '../request-schemas.ts'
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
      operationId: 'readExchange',
      tags: ['Usage'],
      summary: 'Images made for others and had from others, per person and provider',
      description: 'Members see themselves, admins everybody.',
      querystring: Type.Object(TimeRange),
      response: {
        200: Type.Object({
          object: Type.Literal('organization.usage.exchange'),
          people: Type.Array(Person),
          providers: Type.Array(Provider)
        }),
        ...errorResponses()
      }
    },
    handler: async (request) => {
      const range = parseTimeRange(new Fields(request.query), now())
      const known = await providers.listProviders()
      const { people, machines } = addUp(await usage.sumByProvider(range), known)
      const mayRead = (userId: string) => request.principal.role === 'admin' || userId === request.principal.userId
      return {
        object: 'organization.usage.exchange',
        people: (await users.listUsers())
          .filter((user) => mayRead(user.id))
          .map(({ id, email }) => ({ user_id: id, email, ...(people.get(id) ?? NOTHING) })),
        providers: known
          .filter((provider) => mayRead(provider.owner_id))
          .map(({ id, name, owner_id }) => ({
            provider_id: id,
            name,
            owner_id,
            for_others: machines.get(id)?.forOthers ?? 0,
            for_owner: machines.get(id)?.forOwner ?? 0
          }))
      }
    }
  })
}

const NOTHING = { given: 0, taken: 0, own: 0 }

/** In one pass: there is a sum for every pair of person and provider that had to do with each other. */
function addUp(
  made: readonly { providerId: string; userId: string; images: number }[],
  providers: readonly { id: string; owner_id: string }[]
) {
  const ownerOf = new Map(providers.map(({ id, owner_id }) => [id, owner_id]))
  const people = new Map<string, typeof NOTHING>()
  const machines = new Map<string, { forOthers: number; forOwner: number }>()
  const person = (id: string) => getOrAdd(people, id, () => ({ ...NOTHING }))
  for (const { providerId, userId, images } of made) {
    const owner = ownerOf.get(providerId)
    const machine = getOrAdd(machines, providerId, () => ({ forOthers: 0, forOwner: 0 }))
    if (owner === userId) {
      person(userId).own += images
      machine.forOwner += images
    } else {
      if (owner !== undefined) person(owner).given += images
      person(userId).taken += images
      machine.forOthers += images
    }
  }
  return { people, machines }
}

function getOrAdd<V>(map: Map<string, V>, key: string, make: () => V): V {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}
