import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Assets } from '../assets/assets.ts'
import type { AwaitedImages } from '../assets/awaited-images.ts'
import { ObjectTooLarge, type SavedBytes } from '../assets/save-asset.ts'
import type { StagedImages } from '../assets/staged-images.ts'
import { bearerOf } from '../auth/bearer.ts'
import { ImageRejected } from '../images/image-inspector.ts'
import { settleReport } from '../images/image-report.ts'
import type { ImageParameters } from '../images/image-request.ts'
import { mediaTypeOfFormat } from '../images/media-types.ts'
import { formatSize } from '../images/sizes.ts'
import { toError } from '../lib/async.ts'
import { errors } from '../lib/errors.ts'
import { type AttemptResult, decodeAttemptResult, RESULT_HEADER } from '../protocol/messages.ts'
import type { ImageMarker } from '../provenance/image-marker.ts'
import { quote } from '../providers/quote.ts'
import type { AttemptRow } from '../requests/attempt-store.ts'
import type { ExpectedImage } from '../requests/find-expected-image.ts'
import type { RequestLifecycle } from '../requests/request-lifecycle.ts'
import type { Deliveries } from './deliveries.ts'

export interface ReceivingParts {
  assets: Pick<Assets, 'save' | 'discard'>
  requests: Pick<
    RequestLifecycle,
    'findAttempt' | 'listSources' | 'finish' | 'fail' | 'findExpectedImage' | 'startStandby'
  >
  deliveries: Deliveries
  awaitedImages: Pick<AwaitedImages, 'begin'>
  marker: Pick<ImageMarker, 'mark'>
  stagedImages: Pick<StagedImages, 'find' | 'take' | 'drop'>
  limits: { maxOutputBytes: number; maxPixels: number }
}

type AttemptCall = FastifyRequest<{ Params: { id: string } }>

/** Stores the image that is the body of the call, as that of the attempt whose lease token comes with it. */
export const receiveImage = (parts: ReceivingParts, request: AttemptCall, reply: FastifyReply): Promise<FastifyReply> =>
  acceptImage(parts, { request, reply }, (expected) => saveOrFail(parts, request, expected))

/** The same of an image that the agent has written into the store by a link: see `offerUpload`. */
export async function receiveUpload(
  parts: ReceivingParts,
  request: AttemptCall,
  reply: FastifyReply
): Promise<FastifyReply> {
  const answer = await acceptImage(parts, { request, reply }, (expected) => takeUpload(parts, expected))
  await parts.stagedImages.drop(request.params.id)
  return answer
}

/**
 * The attempt of the call, in whatever state. Throws `not_found` when the token is not its lease's, and `conflict` when its agent is
 * shut out: work of one that is not connected is not voided yet.
 */
export async function getExpected({ requests }: Pick<ReceivingParts, 'requests'>, request: AttemptCall) {
  const token = bearerOf(request.raw) ?? ''
  const expected = await requests.findExpectedImage({ attemptId: request.params.id, token })
  if (!expected) throw errors.notFound('The attempt')
  if (expected.isShutOut) throw errors.leaseLost()
  return expected
}

/** Throws `conflict` when nobody waits for the image of this attempt any more, which has not succeeded. */
export async function requireWanted(
  { requests }: Pick<ReceivingParts, 'requests'>,
  { attempt }: ExpectedImage
): Promise<void> {
  if (attempt.state === 'failed' || attempt.state === 'canceled') throw errors.leaseLost()
  // Its agent asked nobody, or the disk has lost that it was let begin.
  if (attempt.state !== 'standby') return
  if (!(await requests.startStandby(attempt.id))) throw errors.leaseLost()
}

async function acceptImage(
  parts: ReceivingParts,
  { request, reply }: { request: AttemptCall; reply: FastifyReply },
  save: (expected: ExpectedImage) => Promise<SavedBytes>
): Promise<FastifyReply> {
  const expected = await getExpected(parts, request)
  const { attempt, kind, asked, provider } = expected
  const result = decodeAttemptResult(String(request.headers[RESULT_HEADER] ?? ''))
  if (!result) throw errors.invalidRequest(`The header ${RESULT_HEADER} is missing or malformed.`)

  // The answer to an earlier call may have been lost: the same token again is answered like the first time.
  if (attempt.state === 'succeeded') return reply.send({ stored: true })
  await requireWanted(parts, expected)

  let saved = await save(expected)
  try {
    if (asked.output_format && saved.mediaType !== mediaTypeOfFormat(asked.output_format)) {
      return await refuseImage(parts, attempt, `The image is not the ${asked.output_format} that was asked for.`)
    }
    const said = result.warnings.map((warning) => quote(provider.name, warning))
    const marked = await parts.marker.mark(saved, {
      isComposite: kind !== 'generation',
      listSources: () => parts.requests.listSources(attempt)
    })
    saved = marked.saved
    await finish(parts, {
      attempt,
      saved,
      result,
      steps: asked.steps,
      warnings: [...said, ...sizeWarnings(asked, saved, said), ...marked.warnings]
    })
  } catch (error) {
    // The agent keeps its copy and brings it again if it is wanted.
    await parts.assets.discard(saved)
    throw error
  }
  return reply.send({ stored: true })
}

async function saveOrFail(
  parts: ReceivingParts,
  request: FastifyRequest,
  { attempt, provider: { ownerId } }: ExpectedImage
): Promise<SavedBytes> {
  const bytes = largestBody(request, parts.limits)
  const delivery = parts.deliveries.begin(attempt, { ownerId, bytes })
  try {
    return await parts.assets.save(request.raw, {
      maxBytes: parts.limits.maxOutputBytes,
      maxPixels: parts.limits.maxPixels,
      signal: delivery.signal,
      ownsPieces: true,
      copy: parts.awaitedImages.begin({ requestId: attempt.request_id, bytes })
    })
  } catch (error) {
    if (delivery.signal.aborted) throw toError(delivery.signal.reason)
    if (error instanceof ImageRejected) return refuseImage(parts, attempt, error.found)
    if (error instanceof ObjectTooLarge) {
      return refuseImage(parts, attempt, `The image is larger than ${parts.limits.maxOutputBytes} bytes.`)
    }
    throw error
  } finally {
    delivery.end()
  }
}

async function takeUpload(
  parts: ReceivingParts,
  { attempt, provider: { ownerId } }: ExpectedImage
): Promise<SavedBytes> {
  const staged = await parts.stagedImages.find(attempt.id)
  if (staged) {
    const delivery = parts.deliveries.begin(attempt, { ownerId, bytes: staged.bytes })
    try {
      const { maxPixels } = parts.limits
      const saved = await parts.stagedImages.take(staged, { maxPixels, signal: delivery.signal })
      if (saved) return saved
    } finally {
      delivery.end()
    }
  }
  throw errors.invalidRequest(
    'What was uploaded is not there, or not what was announced. Bring the image to the server.'
  )
}

/** How many bytes may come. What has no length, or says more than is taken, ends at the limit. */
function largestBody({ headers }: FastifyRequest, { maxOutputBytes }: ReceivingParts['limits']): number {
  const length = Number(headers['content-length'] ?? maxOutputBytes)
  return length < maxOutputBytes ? length : maxOutputBytes
}

/** What the provider delivered cannot be taken: that attempt has failed, and both sides know. */
async function refuseImage(parts: ReceivingParts, attempt: AttemptRow, why: string): Promise<never> {
  await parts.requests.fail(attempt, {
    reason: 'bad_output',
    message: `The machine delivered no usable image. ${why}`
  })
  throw errors.invalidImage(why, null)
}

/** None where the machine has said it itself (`said`). */
function sizeWarnings(asked: ImageParameters, saved: SavedBytes, said: readonly string[]): string[] {
  const size = formatSize(saved)
  const isTold = said.some((warning) => warning.includes(size))
  return asked.size && !asked.size_unasked && formatSize(asked.size) !== size && !isTold
    ? [`The size ${formatSize(asked.size)} was asked for; the machine delivered ${size}.`]
    : []
}

async function finish(
  parts: ReceivingParts,
  done: { attempt: AttemptRow; saved: SavedBytes; result: AttemptResult; steps: number | undefined; warnings: string[] }
): Promise<void> {
  const { attempt, saved, result } = done
  const finished = await parts.requests.finish(attempt, {
    ...saved,
    seed: result.seed,
    warnings: done.warnings,
    steps: done.steps,
    generatingMs: result.generating_ms,
    ...(result.report && { report: settleReport(result.report, saved) })
  })
  if (finished) return
  // Two PUTs of the same image at once: the other one was stored, which is all the agent wants to know.
  const now = await parts.requests.findAttempt(attempt.id)
  if (now?.state !== 'succeeded') throw errors.leaseLost()
  await parts.assets.discard(saved)
}
