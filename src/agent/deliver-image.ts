import type { Logger } from '../lib/logger.ts'
import { type AttemptResult, encodeAttemptResult, RESULT_HEADER } from '../protocol/messages.ts'
import type { DirectUploads } from './direct-uploads.ts'
import { type Answer, type GatewayTransfers, isRefusal } from './gateway-transfers.ts'
import type { PreparedImage } from './prepare-image.ts'

/** Of an answer that says `stored`, or what is wrong. */
const MAX_ANSWER_BYTES = 64 * 1024

/**
 * Brings an image to the gateway, or into its store where that is offered, however long that takes: while the gateway is away or its store is full it is tried
 * again, until the gateway says that the image is stored (`stored`), not wanted any more (`unwanted`), or refused as
 * unusable (`refused`). Rejects only when `signal` aborts, and when an answer has no end.
 */
export async function deliverImage(delivery: {
  transfers: GatewayTransfers
  uploads: Pick<DirectUploads, 'bring'>
  /** Of the attempt, without a slash at its end. */
  url: string
  token: string
  image: Pick<PreparedImage, 'pieces' | 'mediaType'>
  result: AttemptResult
  /** Called once the gateway has all of it and its bytes are not read any more: their memory may be free. */
  onSent?: () => void
  signal: AbortSignal
  logger: Logger
}): Promise<'stored' | 'unwanted' | 'refused'> {
  const { transfers, uploads, url, token, image, result, onSent, signal, logger } = delivery
  const headers = { authorization: `Bearer ${token}` }
  const resultHeaders = { [RESULT_HEADER]: encodeAttemptResult(result) }
  const outcome = await uploads.bring({ url, headers, resultHeaders, image, signal })
  if (outcome) return outcome
  const transfer = {
    method: 'PUT' as const,
    url: `${url}/image`,
    headers: { ...headers, ...resultHeaders, 'content-type': image.mediaType },
    body: image.pieces,
    maxAnswerBytes: MAX_ANSWER_BYTES,
    signal
  }
  let isTold = false
  return transfers.repeat(transfer, (answer) => {
    const outcome = answer && outcomeOf(answer)
    if (outcome === 'stored' && answer?.isSent) onSent?.()
    // Once for each image, and not at all while nobody answers: the connection that is gone, too, tells why.
    if (!outcome && answer && !isTold) {
      isTold = true
      logger.warn({ status: answer.status }, 'the gateway did not take an image; it is sent again until it does')
    } else if (!outcome) logger.debug({ status: answer?.status }, 'an image is sent again')
    return outcome
  })
}

function outcomeOf(answer: Answer): 'stored' | 'unwanted' | 'refused' | undefined {
  if (answer.status === 200) return 'stored'
  if (!isRefusal(answer)) return undefined
  return answer.status === 404 || answer.status === 409 ? 'unwanted' : 'refused'
}
