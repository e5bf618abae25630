import { sniffMediaType } from '../images/sniff-media-type.ts'
import { EngineError, type EngineRun } from './engine.ts'
import type { LiftedPictures } from './lifted-pictures.ts'

/** Of a preview; larger ones are left out. */
export const MAX_PREVIEW_BYTES = 1024 * 1024

export interface ImageBytes {
  bytes: Buffer
  /** As a data URL declares it. */
  mediaType: string | null
}

/**
 * The bytes of an image in an answer, base64 or a `data:` URL; not looked into. `pictures` are those of the answer that were
 * decoded while it came. Throws `bad_output` for what is neither, empty, or more than `maxBytes`.
 */
export function decodeImageText(text: string, maxBytes: number, pictures?: LiftedPictures): ImageBytes {
  const { base64, mediaType } = /^data:/i.test(text) ? readDataUrl(text) : { base64: text, mediaType: null }
  return checkImageBytes({ bytes: pictures?.get(base64) ?? Buffer.from(base64, 'base64'), mediaType }, maxBytes)
}

/** Throws `bad_output` when there are none, or more than `maxBytes`. */
export function checkImageBytes<T extends { bytes: Buffer }>(image: T, maxBytes: number): T {
  if (image.bytes.length === 0) throw new EngineError('bad_output', 'The image server answered with an empty image.')
  if (image.bytes.length > maxBytes) {
    throw new EngineError('bad_output', 'The image server sent more bytes than an image may have.')
  }
  return image
}

/** Base64 ones only: no server writes an image in percent signs. */
function readDataUrl(url: string): { base64: string; mediaType: string | null } {
  const comma = url.indexOf(',')
  const [mediaType, ...attributes] = url.slice('data:'.length, comma).split(';')
  if (comma === -1 || attributes.at(-1) !== 'base64') {
    throw new EngineError('bad_output', 'The image server answered with a data URL that is not base64.')
  }
  return { base64: url.slice(comma + 1), mediaType: mediaType || null }
}

/** Shows a preview, base64 or a `data:` URL. What is no picture, or one of more than `maxBytes`, is left out: the image counts. */
export function showPreviewText(
  preview: string,
  run: Pick<EngineRun, 'onPreview'>,
  { maxBytes = MAX_PREVIEW_BYTES, pictures }: { maxBytes?: number; pictures?: LiftedPictures } = {}
): void {
  if (preview.length > maxBytes * 1.4) return
  try {
    const { bytes } = decodeImageText(preview, maxBytes, pictures)
    const mediaType = sniffMediaType(bytes)
    if (mediaType !== undefined) run.onPreview(bytes, mediaType)
  } catch {
    // Said above.
  }
}
