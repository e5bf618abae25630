import { crc32, inflateSync } from 'node:zlib'
import { MAX_PARTS, tooManyParts } from '../byte-feed.ts'
import { damaged } from '../image-rejected.ts'
import type { FilePart } from './file-parts.ts'
import { reduceExif } from './reduce-exif.ts'
import { reduceXmp } from './source-type.ts'

const SIGNATURE_BYTES = 8
/** Length, type and checksum. */
const FRAME_BYTES = 12
/** What changes how the pixels look, and nothing else does: whatever is not listed goes. */
const PICTURE_CHUNKS = 'IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD hIST pHYs sPLT'.split(' ')
/** Of XMP that is packed. */
const MAX_UNPACKED_BYTES = 1024 * 1024
export const XMP_KEYWORD = 'XML:com.adobe.xmp\0'

/** The chunks of a PNG. @throws ImageRejected `damaged` */
export function* pngParts(image: Buffer): Generator<FilePart> {
  const signature = image.subarray(0, SIGNATURE_BYTES)
  yield { bytes: signature, kept: signature }
  let at = SIGNATURE_BYTES
  let hasXmp = false
  for (let parts = 0; parts < MAX_PARTS; parts++) {
    if (at + FRAME_BYTES > image.length) throw damaged('it ends too early')
    const type = image.toString('latin1', at + 4, at + 8)
    const end = at + FRAME_BYTES + image.readUInt32BE(at)
    if (end > image.length) throw damaged('a chunk is longer than the file')
    const part = partOf(type, image.subarray(at, end), hasXmp)
    hasXmp ||= part.xmp !== undefined
    yield part
    if (type === 'IEND') return
    at = end
  }
  throw tooManyParts()
}

/** A file has one packet of XMP: a second is not read, since to unpack it takes time. */
function partOf(type: string, bytes: Buffer, hasXmp: boolean): FilePart {
  const data = bytes.subarray(8, -4)
  if (PICTURE_CHUNKS.includes(type)) return { bytes, kept: bytes }
  if (type === 'caBX') return { bytes, kept: bytes, manifest: data }
  if (type === 'eXIf') {
    const reduced = reduceExif(data)
    return { bytes, kept: reduced === data ? bytes : reduced && pngChunkOf(type, reduced) }
  }
  const packet = hasXmp ? undefined : xmpIn(type, data)
  if (packet === undefined) return { bytes }
  const reduced = reduceXmp(packet)
  // What is not the packet itself could be words, too.
  const isPlain = type === 'iTXt' && data.length === PLAIN_XMP_HEAD.length + packet.length
  const kept = reduced && (reduced === packet && isPlain ? bytes : pngChunkOf('iTXt', PLAIN_XMP_HEAD, reduced))
  return { bytes, kept, xmp: packet }
}

/** Not packed, without language and translation. */
export const PLAIN_XMP_HEAD = Buffer.from(`${XMP_KEYWORD}\0\0\0\0`, 'latin1')

/**
 * The packet of a chunk of text: XMP wants it in iTXt, and libvips writes it into zTXt. Undefined when the chunk holds something
 * else, or cannot be read.
 */
function xmpIn(type: string, data: Buffer): Buffer | undefined {
  if (data.toString('latin1', 0, XMP_KEYWORD.length) !== XMP_KEYWORD) return undefined
  const rest = data.subarray(XMP_KEYWORD.length)
  if (type === 'tEXt') return rest
  if (type === 'zTXt') return unpack(rest.subarray(1))
  if (type !== 'iTXt') return undefined
  const language = rest.indexOf(0, 2)
  const translation = language === -1 ? -1 : rest.indexOf(0, language + 1)
  if (translation === -1) return undefined
  const text = rest.subarray(translation + 1)
  return rest[0] === 1 ? unpack(text) : text
}

function unpack(packed: Buffer): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: MAX_UNPACKED_BYTES })
  } catch {
    return Buffer.alloc(0) // What cannot be unpacked within bounds says nothing to anybody.
  }
}

export function pngChunkOf(type: string, ...data: Buffer[]): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), ...data])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(named.length - 4, 0)
  frame.writeUInt32BE(crc32(named), 4)
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)])
}
