import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { inspectImage } from './image-inspector.ts'
import { ImageRejected } from './image-rejected.ts'
import type { ImageMediaType, OutputFormat } from './media-types.ts'
import { stripMetadata } from './metadata/strip-metadata.ts'
import { transcodeInspected, type TranscodedImage } from './transcode.ts'

/** Widths that thumbnails have, in pixels, ascending: a few, so that what is asked for by many is made once. */
export const THUMBNAIL_WIDTHS = [64, 128, 256, 512, 1024, 2048] as const
export type ThumbnailWidth = (typeof THUMBNAIL_WIDTHS)[number]

/** Of 0 … 100: what the eye takes for the original, small, at a size at which nobody looks at single pixels … */
const SMALL_QUALITY = 80
/** … and in an image that is there to be kept. */
const WHOLE_QUALITY = 90

export interface Thumbnailing {
  /** The bytes of a png, jpeg or webp; they are inspected while they come, so that the event loop goes on. */
  original: Readable
  /** Width × height the original may have. */
  maxPixels: number
  format: OutputFormat
  /** A wider image is scaled down to it, in its proportions; without it the image keeps its size. */
  width?: number
  /** Aborts when nobody waits for it any more: what has not begun by then does not. */
  signal: AbortSignal
}

/**
 * A smaller image for lists and previews, or the whole image in another format: upright, 8-bit sRGB, without metadata but
 * the digital source type that the original names, on white when the format has no transparency.
 *
 * @throws ImageRejected when the original is no image that is taken, or does not decode; AppError `invalid_size` when
 * the result is too high or wide for `format`; whatever `original` fails with; the reason of `signal`.
 */
export async function makeThumbnail({
  original,
  maxPixels,
  format,
  width,
  signal
}: Thumbnailing): Promise<TranscodedImage> {
  const inspection = inspectImage({ maxPixels })
  const bytes = await pipeline(original, inspection, buffer, { signal }).finally(() => signal.throwIfAborted())
  const { facts } = inspection
  const sourceType = sourceTypeOf(bytes, facts.mediaType)
  const made = await transcodeInspected(bytes, {
    facts,
    format,
    sourceType,
    ...(width === undefined ? { compression: WHOLE_QUALITY } : { maxWidth: width, compression: SMALL_QUALITY })
  })
  // Encoders put marks where few readers look.
  return sourceType === undefined ? made : { ...made, bytes: stripMetadata(made.bytes, made.mediaType).bytes }
}

/** Undefined also for a file whose parts are no better than its pixels need: whether these decode is found out later. */
function sourceTypeOf(image: Buffer, mediaType: ImageMediaType): string | undefined {
  try {
    return stripMetadata(image, mediaType).sourceType
  } catch (error) {
    if (error instanceof ImageRejected) return undefined
    throw error
  }
}
