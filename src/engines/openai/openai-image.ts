import { sniffMediaType } from '../../images/sniff-media-type.ts'
import { EngineError } from '../engine.ts'
import type { FoundImage } from './openai-answer.ts'
import type { Download, OpenAIHttp } from './openai-http.ts'

/**
 * The image bytes of an answer, wherever it put them; not looked into. Throws `bad_output` when there are none, too
 * many, or behind a URL that is not followed.
 */
export async function openImage(
  image: FoundImage | { kind: 'bytes'; bytes: Buffer },
  options: { http: OpenAIHttp; maxImageBytes: number; signal: AbortSignal }
): Promise<Download> {
  const found = await locate(image, options.http, options.signal)
  if (found.bytes.length === 0) throw new EngineError('bad_output', 'The image server answered with an empty image.')
  if (found.bytes.length > options.maxImageBytes) {
    throw new EngineError('bad_output', 'The image server sent more bytes than an image may have.')
  }
  return found
}

const locate = async (
  image: Parameters<typeof openImage>[0],
  http: OpenAIHttp,
  signal: AbortSignal
): Promise<Download> => {
  if (image.kind === 'bytes') return { bytes: image.bytes, mediaType: sniffMediaType(image.bytes) ?? null }
  if (image.kind === 'base64') return { bytes: Buffer.from(image.text, 'base64'), mediaType: null }
  return image.url.startsWith('data:') ? readDataUrl(image.url) : http.download(image.url, signal)
}

/** Base64 ones only: no server writes an image in percent signs. */
function readDataUrl(url: string): Download {
  const comma = url.indexOf(',')
  const [mediaType, ...attributes] = url.slice('data:'.length, comma).split(';')
  if (comma === -1 || attributes.at(-1) !== 'base64') {
    throw new EngineError('bad_output', 'The image server answered with a data URL that is not base64.')
  }
  return { bytes: Buffer.from(url.slice(comma + 1), 'base64'), mediaType: mediaType || null }
}
