import type { FastifyInstance, HTTPMethods } from 'fastify'
import { errors } from '../../lib/errors.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of the route that answers OPTIONS: the methods of its path. */
    allow?: readonly string[]
  }
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const satisfies HTTPMethods[]

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
      const others = METHODS.filter((method) => !methods.has(method))
      const names = [...methods].filter((method) => method !== 'OPTIONS')
      if (names.length === 0) continue
      // The collected URL is whole already.
      const shared = { url: url.slice(scope.prefix.length), schema: { hide: true }, exposeHeadRoute: false }
      const allow = [...names, 'OPTIONS']
      scope.route({
        ...shared,
        method: others,
        // Before the body is looked at: its type may be none that is read here.
        onRequest: (request, _reply, done) => done(errors.methodNotAllowed(request.method, names)),
        handler: () => undefined
      })
      scope.route({
        ...shared,
        method: 'OPTIONS',
        config: { allow },
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
