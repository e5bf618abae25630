import { finished, type Readable, Transform } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { codingsOf, DECODERS } from '../../lib/content-codings.ts'
import { errors } from '../../lib/errors.ts'

const ACCEPTED = ['gzip', 'deflate', 'br', 'zstd']

/**
 * Accepts bodies with a `content-encoding` on the routes of a scope. `maxBytes` is what a body may inflate to, in the
 * same bytes as if it had not been compressed: reading ends there, with `request_too_large`.
 */
export function inflateBodies(scope: FastifyInstance, maxBytes: (contentType: string, bodyLimit: number) => number) {
  scope.addHook('preParsing', (request, reply, payload, done) => {
    const { headers } = request.raw
    const codings = codingsOf(headers['content-encoding'] ?? '')
    const [coding] = codings
    if (coding === undefined || request.is404) return done(null, payload)
    const createDecoder = DECODERS.get(coding)
    if (!createDecoder || codings.length > 1) return done(errors.unsupportedEncoding(ACCEPTED))
    // It told of the compressed body.
    delete headers['content-length']
    const { bodyLimit } = request.routeOptions
    const most = maxBytes(headers['content-type'] ?? '', bodyLimit ?? Infinity)
    const decoder = createDecoder()
    reply.raw.once('close', () => decoder.destroy())
    done(null, inflate(payload as Readable, { coding, decoder, maxBytes: most }))
  })
}

/** What comes out of the decoder of what goes in; fails with errors of the catalogue. The source is never destroyed. */
function inflate(
  source: Readable,
  { coding, decoder, maxBytes }: { coding: string; decoder: Transform; maxBytes: number }
): Readable {
  const tooLarge = () => errors.requestTooLarge(`The body inflates to more than the ${maxBytes} bytes allowed.`)
  let bytes = 0
  const inflated = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length
      if (bytes > maxBytes) done(tooLarge())
      else done(null, chunk)
    }
  })
  // Told to whoever reads the body; nobody does when the call has been refused already.
  inflated.on('error', () => undefined)
  inflated.once('close', () => decoder.destroy())
  decoder.once('error', () =>
    inflated.destroy(errors.invalidRequest(`The body is not valid ${coding}, as its content-encoding says.`))
  )
  finished(source, { writable: false }, (error) => {
    if (error) inflated.destroy(errors.invalidRequest('The request ended before its body did.'))
  })
  // A stream of empty blocks has no end and inflates to nothing.
  let received = 0
  source.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received > maxBytes) inflated.destroy(tooLarge())
  })
  source.pipe(decoder).pipe(inflated)
  return inflated
}
