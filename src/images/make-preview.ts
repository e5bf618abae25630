import { inspectSource } from './decode-image.ts'
import { orientedSize } from './image-facts.ts'
import { ImageRejected } from './image-rejected.ts'
import type { ImageMediaType } from './media-types.ts'
import { stripMetadata } from './metadata/strip-metadata.ts'
import { transcodeInspected } from './transcode.ts'

/** Of an image that is shown while it is made: enough for anybody, and nothing to whoever's browser decodes it. */
export const PREVIEW_LIMITS = { maxPixels: 1024 * 1024, maxSide: 2048, maxBytes: 256 * 1024 } as const
/** A larger one is made this large, and smaller still when it is of a kind that takes many bytes. */
const SMALLER = [
  { side: 768, quality: 80 },
  { side: 384, quality: 60 }
]

/**
 * A preview within `PREVIEW_LIMITS` of one of any size, without metadata; off the event loop where pixels have to be
 * decoded. Undefined when it is no image that is taken.
 */
export async function makePreview(
  image: Buffer,
  maxPixels: number
): Promise<{ bytes: Buffer; mediaType: ImageMediaType } | undefined> {
  try {
    const facts = await inspectSource(image, maxPixels)
    const { width, height } = orientedSize(facts)
    const side = Math.max(width, height)
    const { bytes } = stripMetadata(image, facts.mediaType)
    const isSmall = width * height <= PREVIEW_LIMITS.maxPixels && side <= PREVIEW_LIMITS.maxSide
    if (isSmall && bytes.length <= PREVIEW_LIMITS.maxBytes) return { bytes, mediaType: facts.mediaType }
    for (const { side: most, quality } of SMALLER) {
      const maxWidth = Math.max(1, Math.floor(width * Math.min(1, most / side)))
      const made = await transcodeInspected(image, { facts, format: 'jpeg', maxWidth, compression: quality })
      if (made.bytes.length <= PREVIEW_LIMITS.maxBytes) return { bytes: made.bytes, mediaType: made.mediaType }
    }
    return undefined
  } catch (error) {
    if (!(error instanceof ImageRejected)) throw error
    return undefined // The image counts, not what is shown of it meanwhile.
  }
}
