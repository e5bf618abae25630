import { MAX_PARTS, tooManyParts, type ByteFeed, type Parsing } from './byte-feed.ts'
import { exifOrientation, MAX_EXIF_BYTES } from './exif-orientation.ts'
import { checkDimensions, type ImageFacts, type InspectionLimits } from './image-facts.ts'
import { animated, damaged } from './image-rejected.ts'
import type { Size } from './image-request.ts'

const FILE_HEADER_BYTES = 12
const CHUNK_HEADER_BYTES = 8
/** How many bytes of a chunk are looked at. Names have four characters: 'VP8 ' ends in a space. */
const BYTES_KEPT: Readonly<Record<string, number>> = { VP8X: 10, 'VP8 ': 10, VP8L: 5, EXIF: MAX_EXIF_BYTES }

const ALPHA_FLAG = 0x10
const ANIMATION_FLAG = 0x02

interface Picture extends Size {
  hasAlpha: boolean
}

/**
 * Reads a WebP (RFC 9649) to the end that its RIFF header announces; what follows that is not looked at. A last chunk
 * of odd length may lack its padding if the header does not count it either.
 *
 * @throws ImageRejected `animated`, `damaged`, `too_many_pixels`, `too_long`.
 */
export function* parseWebp(feed: ByteFeed, limits: InspectionLimits): Parsing<ImageFacts> {
  let left = (yield* feed.exactly(FILE_HEADER_BYTES)).readUInt32LE(4) - 'WEBP'.length
  let canvas: Picture | undefined
  let picture: Picture | undefined
  let orientation = 1
  for (let parts = 0; left > 0; parts++) {
    if (parts === MAX_PARTS) throw tooManyParts()
    const { type, data, unread } = yield* readChunkStart(feed, left)
    switch (type) {
      case 'VP8X':
        checkDimensions((canvas ??= readCanvas(data)), limits)
        break
      case 'VP8 ':
        checkDimensions((picture ??= readLossy(data)), limits)
        break
      case 'VP8L':
        checkDimensions((picture ??= readLossless(data)), limits)
        break
      case 'ANIM':
      case 'ANMF':
        throw animated('an animated WebP')
      case 'EXIF':
        orientation = exifOrientation(data) ?? 1
    }
    yield* feed.skip(unread)
    left -= CHUNK_HEADER_BYTES + data.length + unread
  }
  if (picture === undefined) throw damaged('it holds no picture')
  const { width, height } = picture
  if (canvas !== undefined && (canvas.width !== width || canvas.height !== height)) {
    throw damaged('its canvas and its picture differ in size')
  }
  // As decoders do: where there is a canvas, its flag decides, whatever the picture holds.
  const { hasAlpha } = canvas ?? picture
  return { mediaType: 'image/webp', width, height, hasAlpha, bitDepth: 8, animated: false, orientation, colour: 'rgb' }
}

interface ChunkStart {
  type: string
  data: Buffer
  /** Bytes of data and padding that follow. */
  unread: number
}

/** `left`: what the file still has, this chunk included. */
function* readChunkStart(feed: ByteFeed, left: number): Parsing<ChunkStart> {
  const available = left - CHUNK_HEADER_BYTES
  if (available < 0) throw damaged('its length is wrong')
  const header = yield* feed.exactly(CHUNK_HEADER_BYTES)
  const type = header.toString('latin1', 0, 4)
  const length = header.readUInt32LE(4)
  if (length > available) throw damaged('a chunk is longer than the file')

  const data = yield* feed.exactly(Math.min(length, BYTES_KEPT[type] ?? 0))
  return { type, data, unread: Math.min(length + (length % 2), available) - data.length }
}

function readCanvas(data: Buffer): Picture {
  if (data.length < 10) throw wrongHeader()
  const flags = data.readUInt8(0)
  if ((flags & ANIMATION_FLAG) !== 0) throw animated('an animated WebP')
  return { width: data.readUIntLE(4, 3) + 1, height: data.readUIntLE(7, 3) + 1, hasAlpha: (flags & ALPHA_FLAG) !== 0 }
}

/** RFC 6386, 9.1: a key frame with its start code, then 14 bits of size and 2 of scaling for each side. */
function readLossy(data: Buffer): Picture {
  const isKeyFrame = data.length >= 10 && (data.readUInt8(0) & 1) === 0 && data.readUIntBE(3, 3) === 0x9d012a
  if (!isKeyFrame) throw wrongHeader()
  return { width: data.readUInt16LE(6) & 0x3fff, height: data.readUInt16LE(8) & 0x3fff, hasAlpha: false }
}

/** RFC 9649, 3.4: a signature, then from the lowest bit width − 1 and height − 1 (14 each), alpha (1), version (3). */
function readLossless(data: Buffer): Picture {
  if (data.length < 5 || data.readUInt8(0) !== 0x2f) throw wrongHeader()
  const bits = data.readUInt32LE(1)
  if (bits >>> 29 !== 0) throw wrongHeader()
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1, hasAlpha: ((bits >>> 28) & 1) === 1 }
}

const wrongHeader = () => damaged('its header is wrong')
