import type { FastifyInstance } from 'fastify'
import type { HttpContext } from '../../http-context.ts'
import { createImage } from './create-image.ts'
import { editImage } from './edit-image.ts'
import { varyImage } from './vary-image.ts'

export function registerImages(scope: FastifyInstance, context: HttpContext): void {
  createImage(scope, context)
  editImage(scope, context)
  varyImage(scope, context)
}
