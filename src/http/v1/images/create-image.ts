import type { FastifyInstance } from 'fastify'
import { errors } from '../../../lib/errors.ts'
import { parseImageRequest } from '../../openai/parse-image-request.ts'
import { JobEnvelope } from '../jobs/job-schemas.ts'
import { errorResponses } from '../error-schema.ts'
import { type AnswerContext, answerImageCall } from './answer-image-call.ts'
import { CreateImageBody, ImagesResponse } from './image-schemas.ts'

/** `POST /v1/images/generations` */
export function createImage(scope: FastifyInstance, context: AnswerContext): void {
  scope.post('/images/generations', {
    config: { operation: 'createImage' },
    bodyLimit: context.config.limits.maxBodyBytes,
    schema: {
      tags: ['Images'],
      summary: 'Make images from a prompt',
      body: CreateImageBody,
      response: { 200: ImagesResponse, 202: JobEnvelope, ...errorResponses }
    },
    handler: (request, reply) => {
      const call = parseImageRequest(jsonObject(request.body), {
        kind: 'generation',
        limits: context.config.limits
      })
      return answerImageCall(context, { call, request, reply })
    }
  })
}

function jsonObject(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw errors.invalidRequest('The body must be a JSON object.')
  }
  return body as Record<string, unknown>
}
