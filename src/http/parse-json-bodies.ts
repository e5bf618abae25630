import type { FastifyInstance } from 'fastify'
import { inBackground, toError } from '../lib/async.ts'
import { checkJsonShape } from './check-json-shape.ts'
import { charsetOf, decodeText, markedCharset } from './decode-text.ts'

/**
 * Reads JSON bodies: UTF-8, or the charset that is declared or told by a mark of UTF-16. A call without parameters may
 * still say that it is JSON: clients set the type whether or not there is a body.
 */
export function parseJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer
    const charset = markedCharset(bytes) ?? charsetOf(request.headers['content-type'])
    const text = decodeText(bytes, { charset, what: 'The body' })
    checkJsonShape(text)
    if (text === '') done(null, undefined)
    else inBackground(Promise.resolve(parse(request, text, done)), (error) => done(toError(error)))
  })
}
