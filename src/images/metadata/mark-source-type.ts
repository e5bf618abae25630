import type { ImageFacts } from '../image-facts.ts'
import type { ImageMediaType } from '../media-types.ts'
import { type FilePart, joinParts } from './file-parts.ts'
import { JPEG_XMP, jpegParts, segmentOf } from './jpeg-parts.ts'
import { withSourceType } from './merge-xmp.ts'
import { PLAIN_XMP_HEAD, pngChunkOf, pngParts, XMP_KEYWORD } from './png-parts.ts'
import { COMPOSITE, findSourceType, TRAINED } from './source-type.ts'
import { CHUNK_HEADER_BYTES, webpChunkOf, webpChunkType, webpParts, XMP_FLAG } from './webp-parts.ts'

export interface SourceTypeMark {
  /** It was made from a picture that somebody sent. */
  isComposite: boolean
  /** A manifest (C2PA) of the file is vouched for anew afterwards: until then it keeps others from changing a byte. */
  isSignedNext: boolean
}

type MarkedFacts = Pick<ImageFacts, 'mediaType' | 'width' | 'height' | 'hasAlpha'>

const ALPHA_FLAG = 0x10
const APP0 = 0xe0
const APP1 = 0xe1
/** What the two bytes of a segment's length leave to a packet. */
const MAX_SEGMENT_XMP = 0xffff - 2 - JPEG_XMP.length

/** The source type that a file is to have, which may say so already. */
const wanted = (isComposite: boolean): string => (isComposite ? COMPOSITE : TRAINED)

/**
 * The image with IPTC's digital source type in its XMP: made by a model (`trainedAlgorithmicMedia`), or by a model from a picture
 * (`compositeWithTrainedAlgorithmicMedia`). What else a packet says stays, and no pixel is encoded anew. The very buffer that was
 * given when the file says it already: in its XMP, or in a manifest, which another byte would break. Only for an image that
 * has passed inspection; `facts` are those of the file itself, before any orientation.
 *
 * @throws ImageRejected `damaged` when a length in it lies.
 */
export function markSourceType(
  image: Buffer,
  facts: MarkedFacts,
  { isComposite, isSignedNext }: SourceTypeMark
): Buffer {
  const parts = [...PARTS[facts.mediaType](image)]
  const packets = parts.flatMap(({ xmp }) => xmp ?? [])
  const [packet] = packets
  const said = packet && findSourceType(packet)
  const fits = (type: string | undefined) => type === COMPOSITE || (type === TRAINED && !isComposite)
  if (packets.length === 1 && fits(said)) return image
  const { hasManifest, sourceType } = joinParts(image, parts)
  if (hasManifest && !isSignedNext && (sourceType === TRAINED || sourceType === COMPOSITE)) return image

  const write = (maxBytes?: number) => withSourceType(packet, wanted(isComposite), maxBytes)
  const marked = WRITE[facts.mediaType](parts, write, facts)
  const length = parts.reduce((sum, { bytes }) => sum + bytes.length, 0)
  return Buffer.concat([...marked, image.subarray(length)])
}

const PARTS: Readonly<Record<ImageMediaType, (image: Buffer) => Iterable<FilePart>>> = {
  'image/png': pngParts,
  'image/jpeg': jpegParts,
  'image/webp': webpParts
}

type Write = (parts: readonly FilePart[], xmp: (maxBytes?: number) => Buffer, facts: MarkedFacts) => Buffer[]

const WRITE: Readonly<Record<ImageMediaType, Write>> = {
  'image/png': (parts, xmp) => {
    const others = parts.filter(({ bytes }) => bytes.toString('latin1', 8, 8 + XMP_KEYWORD.length) !== XMP_KEYWORD)
    const [signature, header, ...rest] = others.map(({ bytes }) => bytes)
    return [...present(signature, header), pngChunkOf('iTXt', PLAIN_XMP_HEAD, xmp()), ...rest]
  },

  'image/jpeg': (parts, xmp) => {
    const others = parts.filter((part) => part.xmp === undefined).map(({ bytes }) => bytes)
    // Behind JFIF's and EXIF's own segments, which have to be first.
    const rest = others.findIndex((bytes, index) => index > 0 && bytes[1] !== APP0 && bytes[1] !== APP1)
    const packet = xmp(MAX_SEGMENT_XMP)
    return [...others.slice(0, rest), segmentOf(APP1, Buffer.from(JPEG_XMP, 'latin1'), packet), ...others.slice(rest)]
  },

  'image/webp': ([, ...parts], xmp, facts) => {
    const chunks = parts.filter((part) => part.xmp === undefined).map(({ bytes }) => bytes)
    const [first = Buffer.alloc(0), ...rest] = chunks
    const isExtended = webpChunkType(first) === 'VP8X'
    const header = isExtended ? Buffer.from(first) : canvasOf(facts)
    header[CHUNK_HEADER_BYTES] = (header[CHUNK_HEADER_BYTES] ?? 0) | XMP_FLAG
    // The last of them may have come without the byte that makes it even.
    const even = (isExtended ? rest : chunks).map((chunk) => Buffer.concat([chunk, Buffer.alloc(chunk.length % 2)]))
    const body = Buffer.concat([Buffer.from('WEBP'), header, ...even, webpChunkOf('XMP ', xmp())])
    return [webpChunkOf('RIFF', body)]
  }
}

const present = (...buffers: (Buffer | undefined)[]): Buffer[] => buffers.filter((bytes) => bytes !== undefined)

/** The canvas header that a WebP needs for anything beside its pixels. */
function canvasOf({ width, height, hasAlpha }: MarkedFacts): Buffer {
  const data = Buffer.alloc(10)
  if (hasAlpha) data[0] = ALPHA_FLAG
  data.writeUIntLE(width - 1, 4, 3)
  data.writeUIntLE(height - 1, 7, 3)
  return webpChunkOf('VP8X', data)
}
