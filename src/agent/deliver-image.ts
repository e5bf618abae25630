import { sleep, withJitter } from '../lib/async.ts'
import type { Logger } from '../lib/logger.ts'
import { type AttemptResult, encodeAttemptResult, RESULT_HEADER } from '../protocol/messages.ts'
import type { PreparedImage } from './prepare-image.ts'
import { readAnswer } from './read-answer.ts'

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5000
/** Of an answer that says `stored`, or what is wrong. */
const MAX_ANSWER_BYTES = 64 * 1024

/**
 * Brings an image to the gateway, however long that takes: while the gateway is away or its store is full it is tried
 * again, until the gateway says that the image is stored (`stored`), not wanted any more (`unwanted`), or refused as
 * unusable (`refused`). Rejects only when `signal` aborts.
 */
export async function deliverImage(delivery: {
  url: string
  token: string
  image: PreparedImage
  result: AttemptResult
  signal: AbortSignal
  logger: Logger
}): Promise<'stored' | 'unwanted' | 'refused'> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const status = await put(delivery)
    if (status === 200) return 'stored'
    if (status === 404 || status === 409) return 'unwanted'
    if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429) return 'refused'
    delivery.logger.warn({ status }, 'the gateway did not take an image; it is sent again')
    await sleep(withJitter(pause, 0.3), delivery.signal)
  }
}

/** The status of one try; undefined when the gateway itself gave no answer. */
async function put({ url, token, image, result, signal }: Parameters<typeof deliverImage>[0]) {
  try {
    const response = await fetch(url, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': image.mediaType,
        [RESULT_HEADER]: encodeAttemptResult(result)
      },
      body: new Uint8Array(image.bytes),
      // The image and its token are for this gateway alone.
      redirect: 'manual',
      signal
    })
    const text = String(await readAnswer(response, MAX_ANSWER_BYTES))
    // Proxies say 404 while the gateway behind them restarts; the gateway's own errors name their code.
    return response.status === 404 && !text.includes('"not_found"') ? undefined : response.status
  } catch (error) {
    if (signal.aborted) throw error
    return undefined // No connection, or one that broke: the next try tells.
  }
}
