import type { FastifyInstance } from 'fastify'
import type { AnswerContext } from './answer-image-call.ts'
import { createImage } from './create-image.ts'

export function registerImages(scope: FastifyInstance, context: AnswerContext): void {
  createImage(scope, context)
}
