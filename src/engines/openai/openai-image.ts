import { sniffMediaType } from '../../images/sniff-media-type.ts'
import { checkImageBytes, decodeImageText, type ImageBytes } from '../image-text.ts'
import type { LiftedPictures } from '../lifted-pictures.ts'
import type { FoundImage } from './openai-answer.ts'
import type { OpenAIHttp } from './openai-http.ts'

/**
 * The image bytes of an answer with these `pictures`, wherever it put them; not looked into. Throws `bad_output` when there are none, too
 * many, or behind a URL that is not followed.
 */
export async function openImage(
  image: FoundImage | { kind: 'bytes'; bytes: Buffer },
  {
    http,
    pictures,
    maxImageBytes,
    signal
  }: { http: OpenAIHttp; pictures?: LiftedPictures | undefined; maxImageBytes: number; signal: AbortSignal }
): Promise<ImageBytes> {
  switch (image.kind) {
    case 'bytes':
      return checkImageBytes({ bytes: image.bytes, mediaType: sniffMediaType(image.bytes) ?? null }, maxImageBytes)
    case 'base64':
      return decodeImageText(image.text, maxImageBytes, pictures)
    case 'url':
      return image.url.startsWith('data:')
        ? decodeImageText(image.url, maxImageBytes, pictures)
        : checkImageBytes(await http.download(image.url, signal), maxImageBytes)
  }
}
