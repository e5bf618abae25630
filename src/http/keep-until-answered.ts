import type { FastifyReply } from 'fastify'
import type { ParsedCall } from './openai/parse-image-request.ts'
import type { HttpContext } from './http-context.ts'

/**
 * Has the image of a request kept for this answer, which is to have it as base64, from when it arrives. Of several images the first would wait
 * in memory for the last, in the way of those that are answered at once: they are read from where they are stored.
 */
export function keepUntilAnswered(
  { awaitedImages }: Pick<HttpContext, 'awaitedImages'>,
  { id, call, reply }: { id: string; call: Pick<ParsedCall, 'submission'>; reply: FastifyReply }
): void {
  if (call.submission.image.n > 1 || reply.raw.destroyed) return
  reply.raw.once('close', awaitedImages.expect(id))
}
