import { ImageInspector, ImageRejected } from '../images/image-inspector.ts'
import { PREVIEW_LIMITS } from '../images/make-preview.ts'
import type { ImageMediaType } from '../images/media-types.ts'

/**
 * What kind of image a preview is, by its content: a whole png, jpeg or webp of a bearable size. Undefined when it is none:
 * nobody is to see it.
 */
export function inspectPreview(b64: string): ImageMediaType | undefined {
  if (Buffer.byteLength(b64, 'base64') > PREVIEW_LIMITS.maxBytes) return undefined
  const bytes = Buffer.from(b64, 'base64')
  // Others may decode what Node skips in another way.
  if (bytes.toString('base64') !== b64) return undefined
  try {
    const inspector = new ImageInspector(PREVIEW_LIMITS)
    inspector.write(bytes)
    return inspector.end().mediaType
  } catch (error) {
    if (!(error instanceof ImageRejected)) throw error
    return undefined // What is no image is no preview.
  }
}
