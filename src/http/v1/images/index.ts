import type { FastifyInstance } from 'fastify'
import type { AnswerContext } from './image-exchange.ts'
import type { UploadContext } from '../../uploads/receive-image-call.ts'
import { createImage } from './create-image.ts'
import { editImage } from './edit-image.ts'
import { varyImage } from './vary-image.ts'

export function registerImages(scope: FastifyInstance, context: AnswerContext & UploadContext): void {
  createImage(scope, context)
  editImage(scope, context)
  varyImage(scope, context)
}
