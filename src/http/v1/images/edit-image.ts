import type { FastifyInstance } from 'fastify'
import { IdempotencyHeaders } from '../../idempotency-key.ts'
import { errorResponses, MAKING_IMAGES, TAKING_IMAGES, WAITING_FOR_IMAGES } from '../error-schema.ts'
import { JobEnvelope } from '../jobs/job-schemas.ts'
import { answerImageCall } from './answer-image-call.ts'
import type { HttpContext } from '../../http-context.ts'
import { EditImageForm, EditImageJson, ImagesOrEvents } from './image-schemas.ts'
import { liftImages } from '../../uploads/lifted-images.ts'
import { receiveImageCall } from '../../uploads/receive-image-call.ts'

/** `POST /v1/images/edits` */
export function editImage(scope: FastifyInstance, context: HttpContext): void {
  scope.post('/images/edits', {
    config: { operation: 'editImage' },
    bodyLimit: context.config.limits.maxEditBodyBytes,
    ...liftImages(context, {
      maxTextBytes: context.config.limits.maxBodyBytes,
      // And a mask.
      mostImages: context.config.limits.maxInputImages + 1
    }),
    schema: {
      tags: ['Images'],
      summary: 'Change images as a prompt says',
      description: 'As multipart/form-data, or as JSON with data URLs or images stored here.',
      consumes: ['multipart/form-data', 'application/json'],
      headers: IdempotencyHeaders,
      body: {
        content: {
          'multipart/form-data': { schema: EditImageForm },
          'application/json': { schema: EditImageJson }
        }
      },
      response: {
        200: ImagesOrEvents,
        202: JobEnvelope,
        ...errorResponses(...MAKING_IMAGES, ...TAKING_IMAGES, ...WAITING_FOR_IMAGES)
      }
    },
    handler: async (request, reply) => {
      const call = await receiveImageCall(context, { kind: 'edit', request })
      return answerImageCall(context, { call, request, reply })
    }
  })
}
