import { QUALITIES } from '../../images/image-report.ts'
import { formatOfMediaType, type ImageMediaType } from '../../images/media-types.ts'
import { formatSize } from '../../images/sizes.ts'
import { toUnixSeconds } from '../../lib/clock.ts'
import type { AppError } from '../../lib/errors.ts'
import { presentError } from '../../lib/raw-answer.ts'
import type { LiveEvent } from '../../request-views/live-progress.ts'
import type { RequestView } from '../../request-views/view-request.ts'
import type { ServerSentEvent } from '../event-stream.ts'
import { presentImages } from './present-images.ts'

/** What the events of a call are named after. Variations are not streamed. */
const SUBJECTS: Readonly<Record<string, string>> = { generation: 'image_generation', edit: 'image_edit' }

/** Clients read all four members of a usage, which JSON answers may leave out. */
const NO_USAGE = {
  total_tokens: 0,
  input_tokens: 0,
  output_tokens: 0,
  input_tokens_details: { text_tokens: 0, image_tokens: 0 }
}

/** The words of OpenAI's streams; those of older models, which its JSON answers know, are none of them. */
const STREAMED_QUALITIES: readonly string[] = QUALITIES.filter((word) => word !== 'standard' && word !== 'hd')

/**
 * A preview as `image_generation.partial_image` or `image_edit.partial_image`: the size, quality and background that the
 * image was asked for (`auto` where it was not), and the format of the preview itself.
 */
export function presentPartialImage(
  { request, parameters }: Pick<RequestView, 'request' | 'parameters'>,
  preview: Pick<Extract<LiveEvent, { type: 'preview' }>, 'b64' | 'mediaType'>,
  { index, now }: { index: number; now: number }
): ServerSentEvent {
  return eventOf(request, 'partial_image', {
    b64_json: preview.b64,
    created_at: toUnixSeconds(now),
    size: parameters.size ? formatSize(parameters.size) : 'auto',
    quality: streamedQuality(parameters.quality),
    background: parameters.background ?? 'auto',
    output_format: formatOfMediaType(preview.mediaType as ImageMediaType),
    partial_image_index: index
  })
}

/**
 * The image of a request that has one, as `image_generation.completed` or `image_edit.completed`; `base64Of` says what stands for
 * its bytes.
 */
export function presentCompleted(
  view: RequestView,
  base64Of: (asset: RequestView['outputs'][number]) => string
): ServerSentEvent {
  const { created, data, size, quality, background, output_format, usage } = presentImages(view, { base64Of })
  return eventOf(view.request, 'completed', {
    b64_json: data[0]?.b64_json,
    created_at: created,
    size,
    quality: streamedQuality(quality ?? view.parameters.quality),
    background: background ?? view.parameters.background ?? 'auto',
    output_format,
    usage: usage ?? NO_USAGE
  })
}

/** What ends a stream that has begun and comes to no image: clients throw it because of its member `error`. */
export const presentStreamError = (error: AppError): ServerSentEvent => ({
  event: 'error',
  data: { type: 'error', ...presentError(error) }
})

function eventOf({ kind }: RequestView['request'], name: string, data: Record<string, unknown>): ServerSentEvent {
  const type = `${SUBJECTS[kind]}.${name}`
  return { event: type, data: { type, ...data } }
}

const streamedQuality = (word: string | undefined): string =>
  word !== undefined && STREAMED_QUALITIES.includes(word) ? word : 'auto'
