import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import { jsonObject } from '../../json-object.ts'
import { parseImageRequest } from '../../openai/parse-image-request.ts'
import { JobEnvelope } from '../jobs/job-schemas.ts'
import { IdempotencyHeaders } from '../../idempotency-key.ts'
import { errorResponses, MAKING_IMAGES, WAITING_FOR_IMAGES } from '../error-schema.ts'
import { answerImageCall } from './answer-image-call.ts'
import type { HttpContext } from '../../http-context.ts'
import { CreateImageBody, ImagesOrEvents } from './image-schemas.ts'

/** `POST /v1/images/generations` */
export function createImage(scope: FastifyInstance, context: HttpContext): void {
  scope.post('/images/generations', {
    config: { operation: 'createImage' },
    bodyLimit: context.config.limits.maxBodyBytes,
    schema: {
      tags: ['Images'],
      summary: 'Make images from a prompt',
      headers: IdempotencyHeaders,
      body: CreateImageBody,
      response: { 200: ImagesOrEvents, 202: JobEnvelope, ...errorResponses(...MAKING_IMAGES, ...WAITING_FOR_IMAGES) }
    },
    handler: (request, reply) => {
      if (request.form) throw errors.unsupportedMediaType('The body must be sent as application/json.')
      const call = parseImageRequest(jsonObject(request.body), {
        kind: 'generation',
        limits: context.config.limits
      })
      return answerImageCall(context, { call, request, reply })
    }
  })
}
