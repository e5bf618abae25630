import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Assets } from '../assets/assets.ts'
import { ObjectTooLarge, type SavedBytes } from '../assets/save-asset.ts'
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
import type { RequestLifecycle } from '../requests/request-lifecycle.ts'
import type { Deliveries } from './deliveries.ts'

export interface ReceivingParts {
  assets: Pick<Assets, 'save' | 'discard'>
  requests: Pick<
    RequestLifecycle,
    'findAttempt' | 'listSources' | 'finish' | 'fail' | 'findExpectedImage' | 'startStandby'
  >
  deliveries: Deliveries
  marker: Pick<ImageMarker, 'mark'>
  limits: { maxOutputBytes: number; maxPixels: number }
}

/** Stores the image that is the body of the call, as that of the attempt whose lease token comes with it. */
export async function receiveImage(
  parts: ReceivingParts,
  request: FastifyRequest<{ Params: { id: string } }>,
  reply: FastifyReply
): Promise<FastifyReply> {
  const token = bearerOf(request.raw) ?? ''
  const expected = await parts.requests.findExpectedImage({ attemptId: request.params.id, token })
  if (!expected) throw errors.notFound('The attempt')
  const { attempt, kind, asked, provider } = expected
  const result = decodeAttemptResult(String(request.headers[RESULT_HEADER] ?? ''))
  if (!result) throw errors.invalidRequest(`The header ${RESULT_HEADER} is missing or malformed.`)

  // The answer to an earlier PUT may have been lost: the same token again is answered like the first time.
  if (attempt.state === 'succeeded') return reply.send({ stored: true })
  if (attempt.state === 'failed' || attempt.state === 'canceled') throw errors.leaseLost()

  // Its agent asked nobody, or the disk has lost that it was let begin.
  if (
    attempt.state === 'standby' &&
    !(await parts.requests.startStandby({ attemptId: attempt.id, ownerId: provider.ownerId }))
  ) {
    throw errors.leaseLost()
  }

  let saved = await saveOrFail(parts, request, { attempt, ownerId: provider.ownerId })
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
      warnings: [...said, ...sizeWarnings(asked, saved), ...marked.warnings]
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
  { attempt, ownerId }: { attempt: AttemptRow; ownerId: string }
): Promise<SavedBytes> {
  const delivery = parts.deliveries.begin(attempt, { ownerId, bytes: largestBody(request, parts.limits) })
  try {
    return await parts.assets.save(request.raw, {
      maxBytes: parts.limits.maxOutputBytes,
      maxPixels: parts.limits.maxPixels,
      signal: delivery.signal
    })
  } catch (error) {
    if (delivery.signal.aborted) throw toError(delivery.signal.reason)
    if (error instanceof ImageRejected) return refuseImage(parts, attempt, error.message)
    if (error instanceof ObjectTooLarge) {
      return refuseImage(parts, attempt, `The image is larger than ${parts.limits.maxOutputBytes} bytes.`)
    }
    throw error
  } finally {
    delivery.end()
  }
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

function sizeWarnings(asked: ImageParameters, saved: SavedBytes): string[] {
  const size = formatSize(saved)
  return asked.size && !asked.size_unasked && formatSize(asked.size) !== size
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
