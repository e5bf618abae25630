import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { ObjectTooLarge } from '../../assets/save-asset.ts'
import { bearerOf } from '../../auth/bearer.ts'
import { authorize } from '../../auth/permissions.ts'
import { ImageRejected } from '../../images/image-inspector.ts'
import { errors } from '../../lib/errors.ts'
import { networkOf } from '../../lib/network-of.ts'
import type { Principal } from '../../lib/principal.ts'
import type { ProvenanceSign } from '../../provenance/provenance.ts'
import { callerOf } from '../auth/caller.ts'
import { limitCalls } from '../hooks/limit-calls.ts'
import { limitRates } from '../hooks/limit-rates.ts'
import type { HttpContext } from '../http-context.ts'
import { uploadLimits } from '../uploads/save-upload.ts'
import { errorResponses } from '../v1/error-schema.ts'

type ProvenanceContext = Pick<
  HttpContext,
  'provenance' | 'keyGuard' | 'people' | 'config' | 'rateLimits' | 'budgets' | 'requests' | 'requireDiskRoom'
>

/** Calls per minute from one address, of whoever shows neither key nor session. */
const STRANGERS_RATE = 30
const SHA256 = /^[0-9a-f]{64}$/i

const Answer = Type.Object({
  made_here: Type.Boolean(),
  by: Type.Array(Type.Union([Type.Literal('hash'), Type.Literal('mark')]), {
    description:
      '`hash`: these very bytes were made here and are still kept. `mark`: they carry a manifest (C2PA) that was signed here and fits them.'
  })
})
const SCHEMA = {
  tags: ['Images'],
  response: {
    200: Answer,
    ...errorResponses('invalid_image', 'file_too_large', 'unsupported_media_type', 'storage_unavailable')
  }
}

const present = (by: ProvenanceSign[]) => ({ made_here: by.length > 0, by })

/**
 * `GET /api/provenance?sha256=…` and `POST /api/provenance` with an image as the body: whether it was made here, and nothing else
 * of it. A scope of its own, since its bodies are images.
 */
export function registerProvenance(scope: FastifyInstance, context: ProvenanceContext): void {
  const { provenance, config } = context
  scope.addHook('onRequest', async (request, reply) => {
    void reply.header('cache-control', 'no-store')
    if (request.routeOptions.config.operation !== undefined) request.principal = await whoAsks(context, request)
  })
  limitRates(scope, context)
  limitCalls(scope, context)
  // What the bytes are is judged by the bytes, which are streamed and never held.
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
  scope.addContentTypeParser('multipart/form-data', (_request, _payload, done) =>
    done(errors.unsupportedMediaType('The body must be the image itself, no form: with curl --data-binary @image.png.'))
  )

  scope.get<{ Querystring: Record<string, unknown> }>(
    '/',
    {
      config: { operation: 'checkProvenance' },
      schema: {
        ...SCHEMA,
        operationId: 'checkProvenanceOfHash',
        summary: 'Whether a file was made here',
        description: 'Needs no key where the operator lets everybody ask (`INFERENCE_CLUB_PUBLIC_PROVENANCE`).',
        querystring: Type.Object({
          sha256: Type.String({
            description: 'SHA-256 of the file, in hex.',
            pattern: SHA256.source,
            examples: ['0'.repeat(64)]
          })
        })
      }
    },
    async ({ query: { sha256 } }) => {
      if (typeof sha256 !== 'string' || !SHA256.test(sha256)) {
        throw errors.invalidRequest("'sha256' must be the SHA-256 of a file, in 64 hex digits.", 'sha256')
      }
      return present(await provenance.ofHash(sha256))
    }
  )
  scope.post(
    '/',
    {
      config: { operation: 'checkProvenance' },
      bodyLimit: config.limits.maxUploadBytes,
      schema: {
        ...SCHEMA,
        operationId: 'checkProvenanceOfImage',
        summary: 'Whether a picture was made here',
        description:
          'The body is the image itself, no form: a png, jpeg or webp. Nothing of it stays. Needs no key where the operator lets everybody ask.',
        body: { content: { 'image/*': { schema: { type: 'string', contentMediaType: 'image/*' } } } }
      }
    },
    async (request) => {
      context.requireDiskRoom()
      const { limits } = config
      try {
        return present(await provenance.ofImage(request.raw, uploadLimits(config)))
      } catch (error) {
        if (error instanceof ImageRejected) throw errors.invalidImage(error.message, null)
        if (error instanceof ObjectTooLarge) throw errors.fileTooLarge('image', limits.maxUploadBytes)
        throw error
      }
    }
  )
}

/** By key or by session; nobody, known by their address, where the operator lets everybody ask. */
async function whoAsks({ keyGuard, people, config }: ProvenanceContext, request: FastifyRequest): Promise<Principal> {
  const secret = bearerOf(request)
  const { address } = request.reached
  const person = secret === undefined ? await people.principalOf(callerOf(request, config)) : undefined
  if (secret === undefined && !person && config.publicProvenance) return strangerAt(networkOf(address))
  const known = person ?? (await keyGuard.authenticate(secret, address))
  authorize(known, 'checkProvenance')
  return known
}

const strangerAt = (address: string): Principal => ({
  userId: `address ${address}`,
  email: '',
  emailVerified: false,
  role: 'member',
  keyId: `address ${address}`,
  scopes: [],
  limits: { key: {}, user: {} },
  rateLimit: STRANGERS_RATE
})
