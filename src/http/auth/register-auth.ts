import type { FastifyInstance, FastifyReply } from 'fastify'
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
  context: Pick<HttpContext, 'people' | 'config' | 'logger' | 'isDatabaseFault'>
): void {
  const { people, config } = context
  handleErrors(scope, context, (error) => {
    const { code, message } = presentError(error).error
    return { code, message }
  })
  scope.removeContentTypeParser('text/plain')
  scope.route({
    method: ['GET', 'POST'],
    url: '/*',
    schema: { hide: true },
    exposeHeadRoute: false,
    bodyLimit: MAX_BODY_BYTES,
    handler: async (request, reply) => {
      const { pathname, search } = new URL(request.url, 'http://host')
      const path = pathname.slice(PREFIX.length)
      const { method, body } = request
      const response = await people.handle({ ...callerOf(request, config), method, path, search, body })
      return send(reply, response)
    }
  })
  scope.setNotFoundHandler((request) => {
    throw errors.notFound(`${request.method} of this path`)
  })
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
