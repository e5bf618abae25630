import { EngineError } from './engine.ts'

export interface ImageBytes {
  bytes: Buffer
  /** As a data URL declares it. */
  mediaType: string | null
}

/**
 * The bytes of an image in an answer, base64 or a `data:` URL; not looked into. Throws `bad_output` for what is neither,
 * empty, or more than `maxBytes`.
 */
export function decodeImageText(text: string, maxBytes: number): ImageBytes {
  const image = /^data:/i.test(text) ? readDataUrl(text) : { bytes: Buffer.from(text, 'base64'), mediaType: null }
  return checkImageBytes(image, maxBytes)
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
function readDataUrl(url: string): ImageBytes {
  const comma = url.indexOf(',')
  const [mediaType, ...attributes] = url.slice('data:'.length, comma).split(';')
  if (comma === -1 || attributes.at(-1) !== 'base64') {
    throw new EngineError('bad_output', 'The image server answered with a data URL that is not base64.')
  }
  return { bytes: Buffer.from(url.slice(comma + 1), 'base64'), mediaType: mediaType || null }
}
