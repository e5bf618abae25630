import type { FastifyInstance, HTTPMethods } from 'fastify'
import { errors } from '../../lib/errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of the route that answers what its path does not take, and OPTIONS: the methods that it does. */
    allow?: readonly string[]
  }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const satisfies HTTPMethods[]

/**
 * Notes the routes of a scope as they are added; the returned function, called after the last, answers every other
 * method on their paths with 405 and an `Allow` header, whatever the body is, and OPTIONS with that header alone.
 */
export function refuseOtherMethods(scope: FastifyInstance): () => void {
  const allowed = new Map<string, Set<string>>()
  let finished = false
  scope.addHook('onRoute', ({ url, method }) => {
    if (finished) return
    const methods = allowed.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    allowed.set(url, methods)
  })
  return () => {
    finished = true
    for (const [url, methods] of allowed) {
      const names = [...methods].filter((method) => method !== 'OPTIONS')
      if (names.length === 0) continue
      const allow = [...names, 'OPTIONS']
      scope.route({
        // The collected URL is whole already.
        url: url.slice(scope.prefix.length),
        // One route for all: a start makes hundreds of them, and each costs it time and memory.
        method: METHODS.filter((method) => !methods.has(method)),
        schema: { hide: true },
        exposeHeadRoute: false,
        config: { allow },
        // Before the body is looked at: its type may be none that is read here.
        onRequest: ({ method }, _reply, done) =>
          method === 'OPTIONS' ? done() : done(errors.methodNotAllowed(method, names)),
        handler: (_request, reply) => reply.status(204).header('allow', allow.join(', ')).send()
      })
    }
  }
}

/** Adds `Allow` to what is answered to OPTIONS by others, who are registered after this. */
export function tellAllowedMethods(scope: FastifyInstance): void {
  scope.addHook('onRequest', async (request, reply) => {
    const { allow } = request.routeOptions.config
    if (allow) void reply.header('allow', allow.join(', '))
  })
}
