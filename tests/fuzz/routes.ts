import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { AUTH_ENDPOINTS, SIGN_UP } from '../../src/people/auth-endpoints.ts'
import type { Schema } from './sound-values.ts'
import { UNDESCRIBED } from './undescribed-fields.ts'

/** A route of the product, as it was given to Fastify: ids in its path are `:id`. */
export interface Route {
  method: string
  path: string
  schema?: {
    summary?: string
    querystring?: Schema
    /** One for all types of body, or one for each. */
    body?: Schema | { content: Record<string, { schema: Schema }> }
    consumes?: readonly string[]
  }
}

/** An endpoint, and what may be sent to it. */
export interface Operation {
  method: string
  path: string
  /** An object of its parameters. */
  query: Schema
  /** By media type. */
  bodies: Record<string, Schema>
}

/** Notes every route that is given to any Fastify of this process from now on, until `stop`. */
export function noteRoutes(): { routes: Route[]; stop(): void } {
  const routes: Route[] = []
  const note = ({ method, url: path, schema }: RouteOptions) => {
    const methods = [method].flat()
    // What refuses the other methods of a path is a list of them; such calls are made anyway.
    if (Array.isArray(method) && !(methods.includes('GET') && methods.length <= 2)) return
    // The built pages are files by the hundred, which all are served alike.
    if (path.startsWith('/assets/')) return
    for (const one of methods) {
      if (one === 'HEAD' || one === 'OPTIONS') continue
      routes.push({ method: one, path, ...(schema && { schema: schema as NonNullable<Route['schema']> }) })
    }
  }
  const listen = (message: unknown) => void (message as { fastify: FastifyInstance }).fastify.addHook('onRoute', note)
  subscribe('fastify.initialization', listen)
  return { routes, stop: () => unsubscribe('fastify.initialization', listen) }
}

export const endpointOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string => `${method} ${path}`

/** Everything that can be called, with the fields that each takes: by the schemas of the routes, else by `UNDESCRIBED`. */
export function operationsOf(routes: readonly Route[]): Operation[] {
  const operations = routes.map((route): Operation => {
    const { method, path, schema: { querystring, body, consumes = ['application/json'] } = {} } = route
    const { query = {}, fields } = UNDESCRIBED[endpointOf(route)] ?? {}
    const sent = body ?? (fields && objectOf(fields))
    return {
      method,
      path,
      query: querystring ?? { properties: query },
      bodies: bodiesOf(sent, consumes)
    }
  })
  return [...operations, ...authOperations()]
}

function bodiesOf(sent: NonNullable<Route['schema']>['body'], types: readonly string[]): Operation['bodies'] {
  if (sent === undefined) return {}
  return Object.fromEntries(
    'content' in sent
      ? Object.entries(sent.content).map(([type, { schema }]) => [type, schema])
      : types.map((type) => [type, sent])
  )
}

const text: Schema = { type: 'string' }
const objectOf = (properties: Record<string, Schema>): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties)
})

/** Those of the sign-in, which are one route of ours. */
const authOperations = (): Operation[] =>
  Object.entries({ ...AUTH_ENDPOINTS, [SIGN_UP]: ['name', 'email', 'password'] }).map(([endpoint, fields]) => {
    const [method = '', path = ''] = endpoint.split(' ')
    const body = objectOf(Object.fromEntries(fields.map((name) => [name, text])))
    return {
      method,
      path: `/api/auth${path}`,
      query: { properties: { code: text, state: text } },
      bodies: method === 'GET' ? {} : { 'application/json': body }
    }
  })
