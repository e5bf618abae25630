import type { FastifyInstance, HTTPMethods } from 'fastify'
import { errors } from '../../lib/errors.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const satisfies HTTPMethods[]

/**
 * Notes the routes of a scope as they are added; the returned function, called after the last, answers every other
 * method on their paths with 405 and an `Allow` header.
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
      scope.route({
        method: others,
        // The collected URL is whole already.
        url: url.slice(scope.prefix.length),
        schema: { hide: true },
        exposeHeadRoute: false,
        handler: (request) => {
          throw errors.methodNotAllowed(request.method, names)
        }
      })
    }
  }
}
