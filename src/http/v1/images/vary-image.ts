import type { FastifyInstance } from 'fastify'
import { liftImages } from '../../uploads/lifted-images.ts'
import { receiveImageCall } from '../../uploads/receive-image-call.ts'
import { IdempotencyHeaders } from '../../idempotency-key.ts'
import { errorResponses, MAKING_IMAGES, TAKING_IMAGES, WAITING_FOR_IMAGES } from '../error-schema.ts'
import { JobEnvelope } from '../jobs/job-schemas.ts'
import { answerImageCall } from './answer-image-call.ts'
import type { HttpContext } from '../../http-context.ts'
import { VaryImageForm, VaryImageJson, ImagesAnswer } from './image-schemas.ts'

/** `POST /v1/images/variations` */
export function varyImage(scope: FastifyInstance, context: HttpContext): void {
  scope.post('/images/variations', {
    config: { operation: 'varyImage' },
    bodyLimit: context.config.limits.maxEditBodyBytes,
    // One and a mask, which is refused in words.
    ...liftImages(context, { maxTextBytes: context.config.limits.maxBodyBytes, mostImages: 2 }),
    schema: {
      tags: ['Images'],
      summary: 'Make variations of an image',
      description: 'As multipart/form-data, or as JSON with a data URL or an image stored here.',
      consumes: ['multipart/form-data', 'application/json'],
      headers: IdempotencyHeaders,
      body: {
        content: {
          'multipart/form-data': { schema: VaryImageForm },
          'application/json': { schema: VaryImageJson }
        }
      },
      response: {
        200: ImagesAnswer,
        202: JobEnvelope,
        ...errorResponses(...MAKING_IMAGES, ...TAKING_IMAGES, ...WAITING_FOR_IMAGES)
      }
    },
    handler: async (request, reply) => {
      const call = await receiveImageCall(context, { kind: 'variation', request })
      return answerImageCall(context, { call, request, reply })
    }
  })
}
