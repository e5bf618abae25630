import type { FastifyReply, FastifyRequest } from 'fastify'
import type { StagedImages } from '../assets/staged-images.ts'
import { decodeAnnouncement, type UploadPlace } from '../protocol/direct-uploads.ts'
import { errors } from '../lib/errors.ts'
import { getExpected, type ReceivingParts, requireWanted } from './receive-image.ts'

export interface OfferingParts {
  requests: ReceivingParts['requests']
  stagedImages: Pick<StagedImages, 'offer'>
  limits: { maxOutputBytes: number }
}

/**
 * Tells the agent of an attempt where to write the image that it has made. It is told none when it is to bring it to the gateway: also
 * an image that is too large, which is refused there, and one that is stored already.
 */
export async function offerUpload(
  parts: OfferingParts,
  request: FastifyRequest<{ Params: { id: string }; Body: string }>,
  reply: FastifyReply
): Promise<FastifyReply> {
  const expected = await getExpected(parts, request)
  const announced = decodeAnnouncement(request.body)
  if (!announced) throw errors.invalidRequest('The image is not announced as it should be.')
  const { bytes, sha256, media_type: mediaType } = announced
  let place: UploadPlace['place']
  if (expected.attempt.state !== 'succeeded') {
    await requireWanted(parts, expected)
    if (bytes <= parts.limits.maxOutputBytes) {
      place = await parts.stagedImages.offer(expected.attempt.id, { bytes, sha256, mediaType })
    }
  }
  // Whoever has the address may write there.
  void reply.header('cache-control', 'no-store')
  return reply.send({ ...(place && { place }) } satisfies UploadPlace)
}
