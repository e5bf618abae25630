import { finished, type Readable, Transform } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { errors } from '../../lib/errors.ts'

/** The window that RFC 9659 has every sender of zstd keep to: 8 MiB. */
const ZSTD_WINDOW_LOG = 23

const DECODERS = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
  ['zstd', () => createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } })]
])
const ACCEPTED = ['gzip', 'deflate', 'br', 'zstd']

/**
 * Accepts bodies with a `content-encoding` on the routes of a scope. `maxBytes` is what a body may inflate to, in the
 * same bytes as if it had not been compressed: reading ends there, with `request_too_large`.
 */
export function inflateBodies(scope: FastifyInstance, maxBytes: (contentType: string, bodyLimit: number) => number) {
  scope.addHook('preParsing', (request, reply, payload, done) => {
    const { headers } = request.raw
    const codings = (headers['content-encoding'] ?? '')
      .toLowerCase()
      .split(',')
      .map((coding) => coding.trim())
      .filter((coding) => coding !== '' && coding !== 'identity')
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
