import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { methodsAt } from '../../people/auth-endpoints.ts'
import { errors } from '../../lib/errors.ts'
import { presentError } from '../../lib/raw-answer.ts'
import { handleErrors } from '../error-handler.ts'
import type { HttpContext } from '../http-context.ts'
import { callerOf } from './caller.ts'

const MAX_BODY_BYTES = 64 * 1024
const PREFIX = '/api/auth'

/** `/api/auth/…`: how people sign in and out, in the words of better-auth. Its errors are `{code, message}`. */
export function registerAuth(
  scope: FastifyInstance,
  context: Pick<HttpContext, 'people' | 'config' | 'logger' | 'findFault'>
): void {
  const { people, config } = context
  handleErrors(scope, context, (error) => {
    const { code, message } = presentError(error).error
    return { code, message }
  })
  scope.removeContentTypeParser('text/plain')
  const shared = {
    url: '/*',
    schema: { hide: true },
    exposeHeadRoute: false,
    // Before the body is looked at: its type may be none that is read here.
    onRequest: (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) =>
      done(refusalOf(request))
  }
  scope.route({ ...shared, method: ['HEAD', 'PUT', 'PATCH', 'DELETE'], handler: () => undefined })
  scope.route({
    ...shared,
    method: ['GET', 'POST'],
    bodyLimit: MAX_BODY_BYTES,
    handler: async (request, reply) => {
      const { path, search } = placeOf(request)
      const { method, body } = request
      const response = await people.handle({ ...callerOf(request, config), method, path, search, body })
      return send(reply, response)
    }
  })
  // These endpoints share a route: which methods each has is known to their table alone.
  scope.options('/*', { schema: { hide: true } }, (request, reply) => {
    const methods = methodsAt(placeOf(request).path)
    if (methods.length === 0) throw errors.notFound(`${request.method} of this path`)
    return reply
      .status(204)
      .header('allow', [...methods, 'OPTIONS'].join(', '))
      .send()
  })
  scope.setNotFoundHandler((request) => {
    throw errors.notFound(`${request.method} of this path`)
  })
}

/** Why there is no such call; undefined when there is. */
function refusalOf(request: FastifyRequest): Error | undefined {
  const methods = methodsAt(placeOf(request).path)
  if (methods.includes(request.method)) return undefined
  if (methods.length === 0) return errors.notFound(`${request.method} of this path`)
  return errors.methodNotAllowed(request.method, methods)
}

/** The path of a call below the prefix, and its query. */
function placeOf({ url }: FastifyRequest): { path: string; search: string } {
  const { pathname, search } = new URL(url, 'http://host')
  return { path: pathname.slice(PREFIX.length), search }
}

async function send(reply: FastifyReply, response: Response): Promise<FastifyReply> {
  for (const [name, value] of response.headers) {
    if (name !== 'set-cookie') void reply.header(name, value)
  }
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) void reply.header('set-cookie', cookies)
  void reply.status(response.status).header('cache-control', 'no-store')
  return reply.send(Buffer.from(await response.arrayBuffer()))
}
