import { crc32 } from 'node:zlib'
import { MAX_PARTS, tooManyParts, type ByteFeed, type Parsing } from './byte-feed.ts'
import { exifOrientation, MAX_EXIF_BYTES } from './exif-orientation.ts'
import { checkDimensions, type ImageColour, type ImageFacts, type InspectionLimits } from './image-facts.ts'
import { animated, damaged, unsupported } from './image-rejected.ts'
import type { Size } from './image-request.ts'

const SIGNATURE_BYTES = 8
const IHDR_BYTES = 13
const MAX_CHUNK_BYTES = 0x7fff_ffff
const NOTHING = Buffer.alloc(0)

interface ColourType {
  colour: ImageColour
  alpha: boolean
  bitDepths: readonly number[]
}

/** PNG specification, table 12. */
const COLOUR_TYPES: Readonly<Record<number, ColourType>> = {
  0: { colour: 'gray', alpha: false, bitDepths: [1, 2, 4, 8, 16] },
  2: { colour: 'rgb', alpha: false, bitDepths: [8, 16] },
  3: { colour: 'palette', alpha: false, bitDepths: [1, 2, 4, 8] },
  4: { colour: 'gray', alpha: true, bitDepths: [8, 16] },
  6: { colour: 'rgb', alpha: true, bitDepths: [8, 16] }
}

/**
 * Reads a PNG up to its IEND chunk; what follows that is not looked at, as in every viewer.
 *
 * @throws ImageRejected `animated`, `damaged` (a chunk out of place or with a wrong CRC included), `too_many_pixels`, `too_long`.
 */
export function* parsePng(feed: ByteFeed, limits: InspectionLimits): Parsing<ImageFacts> {
  yield* feed.skip(SIGNATURE_BYTES)
  const header = yield* readHeader(feed)
  checkDimensions(header, limits)

  const seen = new Set<string>()
  let transparentColour = false
  let orientation = 1
  for (let parts = 0; parts < MAX_PARTS; parts++) {
    const chunk = yield* readChunkStart(feed)
    const data = yield* readChunkData(feed, chunk, chunk.type === 'eXIf' ? MAX_EXIF_BYTES : 0)
    switch (chunk.type) {
      case 'acTL':
        throw animated('an animated PNG')
      case 'tRNS':
        transparentColour ||= !seen.has('IDAT')
        break
      case 'eXIf':
        orientation = exifOrientation(data) ?? 1
        break
      case 'PLTE':
        break
      case 'IDAT':
        if (header.colour === 'palette' && !seen.has('PLTE')) throw damaged('its palette is missing')
        break
      case 'IEND': {
        if (!seen.has('IDAT')) throw damaged('it holds no picture')
        const { alpha, ...rest } = header
        return { mediaType: 'image/png', ...rest, hasAlpha: alpha || transparentColour, animated: false, orientation }
      }
      default:
        if (isCritical(chunk.type)) throw damaged(`it needs a chunk '${chunk.type}' that no viewer knows`)
    }
    seen.add(chunk.type)
  }
  throw tooManyParts()
}

function* readHeader(feed: ByteFeed): Parsing<Size & { bitDepth: number; colour: ImageColour; alpha: boolean }> {
  const chunk = yield* readChunkStart(feed)
  if (chunk.type === 'CgBI') throw unsupported("a PNG in Apple's own format (CgBI)")
  if (chunk.type !== 'IHDR' || chunk.length !== IHDR_BYTES) throw damaged('it does not begin with an IHDR chunk')

  const data = yield* readChunkData(feed, chunk, IHDR_BYTES)
  const bitDepth = data.readUInt8(8)
  const colourType = COLOUR_TYPES[data.readUInt8(9)]
  const [compression, filter, interlace] = data.subarray(10)
  if (!colourType?.bitDepths.includes(bitDepth)) throw damaged('its colour type does not exist')
  if (compression !== 0 || filter !== 0 || (interlace !== 0 && interlace !== 1)) {
    throw damaged('its coding does not exist')
  }
  const { colour, alpha } = colourType
  return { width: data.readUInt32BE(0), height: data.readUInt32BE(4), bitDepth, colour, alpha }
}

interface ChunkStart {
  type: string
  length: number
  /** Of the type; that of the data goes on from here. */
  crc: number
}

function* readChunkStart(feed: ByteFeed): Parsing<ChunkStart> {
  const bytes = feed.inHand(8) ?? (yield* feed.exactly(8))
  const length = bytes.readUInt32BE(0)
  const type = bytes.toString('latin1', 4)
  if (length > MAX_CHUNK_BYTES || !/^[A-Za-z]{4}$/.test(type)) throw damaged('what should be a chunk is none')
  return { type, length, crc: crc32(bytes.subarray(4)) }
}

/** The first `keep` bytes of the data, after all of it has passed its CRC. */
function* readChunkData(feed: ByteFeed, chunk: ChunkStart, keep: number): Parsing<Buffer> {
  const kept = keep > 0 ? yield* feed.exactly(Math.min(chunk.length, keep)) : NOTHING
  let crc = keep > 0 ? crc32(kept, chunk.crc) : chunk.crc
  yield* feed.skip(chunk.length - kept.length, (piece) => {
    crc = crc32(piece, crc)
  })
  const stored = feed.inHand(4) ?? (yield* feed.exactly(4))
  if (crc !== stored.readUInt32BE(0)) throw damaged(`the checksum of its ${chunk.type} chunk is wrong`)
  return kept
}

/** An upper-case first letter: a decoder that does not know the chunk cannot show the image. */
const isCritical = (type: string) => /^[A-Z]/.test(type)
