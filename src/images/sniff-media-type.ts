import type { ImageMediaType } from './media-types.ts'

/** What `sniffMediaType` wants to see of a file. */
export const MEDIA_TYPE_BYTES = 12
/** What `nameForeignContent` wants to see of a file. */
export const FOREIGN_CONTENT_BYTES = 512

/** `?` stands for any byte. */
const MEDIA_TYPES: readonly (readonly [ImageMediaType, string])[] = [
  ['image/png', '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', '\xff\xd8\xff'],
  ['image/webp', 'RIFF????WEBP']
]

/** The most telling first: of two that fit, the earlier one names the file. */
const FOREIGN_SIGNATURES: readonly (readonly [name: string, signature: string])[] = [
  ['a GIF image', 'GIF8'],
  ['an AVIF image', '????ftypavi'],
  ['a HEIC image', '????ftyphe'],
  ['a HEIC or AVIF image', '????ftypm?f1'],
  ['a Canon raw photo', '????ftypcrx'],
  ['a video', '????ftyp'],
  ['a JPEG XL image', '\0\0\0\x0cJXL '],
  ['a JPEG XL image', '\xff\x0a'],
  ['a JPEG 2000 image', '\0\0\0\x0cjP  '],
  ['a BMP image', 'BM????\0\0\0\0'],
  ['a TIFF image or raw photo', 'II*\0'],
  ['a TIFF image or raw photo', 'MM\0*'],
  ['a TIFF image', 'II+\0'],
  ['a TIFF image', 'MM\0+'],
  ['an icon (ICO)', '\0\0\x01\0'],
  ['a cursor (CUR)', '\0\0\x02\0'],
  ['a Photoshop document', '8BPS'],
  ['an OpenEXR image', '\x76\x2f\x31\x01'],
  ['a Radiance HDR image', '#?RADIANCE'],
  ['a DDS texture', 'DDS '],
  ['a QOI image', 'qoif'],
  ['a PDF document', '%PDF-'],
  ['a PostScript document', '%!PS'],
  ['a video', 'RIFF????AVI '],
  ['a sound', 'RIFF????WAVE'],
  ['a video', '\x1aE\xdf\xa3'],
  ['a ZIP archive or office document', 'PK\x03\x04'],
  ['gzip-compressed', '\x1f\x8b'],
  // What people send by mistake: the image as base64 text.
  ['an image written as base64 text', 'data:image/'],
  ['an image written as base64 text', 'iVBORw0KGgo'],
  ['an image written as base64 text', '/9j/'],
  ['an image written as base64 text', 'UklGR']
]

/**
 * The media type that the first bytes of a file announce, whatever it is declared to be; undefined when it is none of
 * the three. A file shorter than the signature is judged by what there is of it, so that a truncated image is one.
 */
export const sniffMediaType = (head: Uint8Array): ImageMediaType | undefined =>
  MEDIA_TYPES.find(([, signature]) => fits(head.subarray(0, signature.length), signature))?.[0]

/** What a file that is no png, jpeg or webp looks like, with its article ("a GIF image"); undefined when unknown. */
export const nameForeignContent = (head: Uint8Array): string | undefined =>
  FOREIGN_SIGNATURES.find(([, signature]) => head.length >= signature.length && fits(head, signature))?.[0] ??
  nameText(head)

/** Compares as many bytes as both have. */
function fits(head: Uint8Array, signature: string): boolean {
  const length = Math.min(head.length, signature.length)
  for (let index = 0; index < length; index++) {
    if (signature[index] !== '?' && signature.charCodeAt(index) !== head[index]) return false
  }
  return true
}

function nameText(head: Uint8Array): string | undefined {
  const text = readText(head)
  if (text === undefined) return undefined
  if (/<svg[\s>]/i.test(text)) return 'an SVG image'
  if (/^\s*<(!doctype\s+html|html|head|body)[\s>]/i.test(text)) return 'an HTML page'
  if (/^\s*<\?xml/i.test(text)) return 'an XML document'
  return 'text'
}

/** UTF-8 without control characters, or UTF-16 with its byte order mark. */
function readText(head: Uint8Array): string | undefined {
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)
  const encoding = !isUtf16 ? 'utf-8' : head[0] === 0xff ? 'utf-16le' : 'utf-16be'
  if (!isUtf16 && head.some(isControl)) return undefined
  try {
    // A character cut in two by the end of `head` is none of the text's faults.
    return new TextDecoder(encoding, { fatal: true }).decode(head, { stream: true })
  } catch {
    return undefined
  }
}

const isControl = (byte: number) => (byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b) || byte === 0x7f
