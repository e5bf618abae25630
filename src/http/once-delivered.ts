import type { FastifyReply } from 'fastify'
import { inBackground } from '../lib/async.ts'
import type { HttpContext } from './http-context.ts'

/**
 * When this answer has been handed to the connection whole, what it delivers goes, if it was to be kept until then: an image
 * (`assetId`), or all of a request. A caller who leaves before may come back for it.
 */
export function onceDelivered(
  { requests, logger }: Pick<HttpContext, 'requests' | 'logger'>,
  reply: FastifyReply,
  delivered: { id: string; assetId?: string }
): void {
  reply.raw.once('finish', () =>
    inBackground(requests.noteDelivered(delivered), (error) =>
      logger.warn({ err: error, request: delivered.id }, 'a delivered request stays until its time is over')
    )
  )
}
