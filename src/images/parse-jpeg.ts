import { MAX_PARTS, tooManyParts, type ByteFeed, type Parsing } from './byte-feed.ts'
import { exifOrientation } from './exif-orientation.ts'
import { checkDimensions, type ImageColour, type ImageFacts, type InspectionLimits } from './image-facts.ts'
import { damaged, unsupported } from './image-rejected.ts'
import type { Size } from './image-request.ts'

const TEM = 0x01
const DHT = 0xc4
const JPG = 0xc8
const DAC = 0xcc
const SOI = 0xd8
const EOI = 0xd9
const SOS = 0xda
const APP1 = 0xe1
const SOF_JPEG_LS = 0xf7

const COLOURS: Readonly<Record<number, ImageColour>> = { 1: 'gray', 3: 'rgb', 4: 'cmyk' }

/**
 * Reads a JPEG up to its EOI marker. Bytes between segments are passed over as decoders do, and those after EOI are
 * not looked at: telephones append previews and videos there.
 *
 * @throws ImageRejected `damaged`, `too_many_pixels`, `too_long`, `unsupported_type` for codings that browsers cannot show.
 */
export function* parseJpeg(feed: ByteFeed, limits: InspectionLimits): Parsing<ImageFacts> {
  yield* feed.exactly(2)
  let frame: Frame | undefined
  let orientation: number | undefined
  let hasScan = false
  for (let parts = 0; parts < MAX_PARTS; parts++) {
    const marker = yield* feed.find(isMarker)
    if (marker === TEM) continue
    if (marker === EOI) {
      if (frame === undefined || !hasScan) throw damaged('it holds no picture')
      return { mediaType: 'image/jpeg', ...frame, hasAlpha: false, animated: false, orientation: orientation ?? 1 }
    }
    const length = yield* readSegmentLength(feed, marker)
    if (isStartOfFrame(marker)) {
      if (frame !== undefined) throw damaged('it has two headers')
      frame = readFrame(marker, yield* feed.exactly(length))
      checkDimensions(frame, limits)
    } else if (marker === APP1 && orientation === undefined) {
      orientation = readOrientation(yield* feed.exactly(length))
    } else {
      if (marker === SOS && frame === undefined) throw damaged('its header is missing')
      hasScan ||= marker === SOS
      yield* feed.skip(length)
    }
  }
  throw tooManyParts()
}

/** True of a byte behind 0xFF, unless it is a stuffed zero, a fill byte or a restart marker: those belong to a scan. */
const isMarker = (byte: number, previous: number) =>
  previous === 0xff && byte !== 0x00 && byte !== 0xff && !(byte >= 0xd0 && byte <= 0xd7)

const isStartOfFrame = (marker: number) =>
  (marker >= 0xc0 && marker <= 0xcf && marker !== DHT && marker !== JPG && marker !== DAC) || marker === SOF_JPEG_LS

/** Bytes that follow the length itself; at most 65,533. */
function* readSegmentLength(feed: ByteFeed, marker: number): Parsing<number> {
  if (marker < 0xc0 || marker === SOI) throw damaged('it holds a marker that does not belong there')
  const length = (yield* feed.exactly(2)).readUInt16BE(0)
  if (length < 2) throw damaged('a segment has no length')
  return length - 2
}

interface Frame extends Size {
  bitDepth: number
  colour: ImageColour
}

/** ITU T.81, B.2.2. */
function readFrame(marker: number, segment: Buffer): Frame {
  if (marker > 0xc2) throw unsupported('a JPEG image in a coding that browsers cannot show')
  const components = segment.length < 6 ? 0 : segment.readUInt8(5)
  const colour = COLOURS[components]
  if (colour === undefined || segment.length !== 6 + 3 * components) throw damaged('its header is wrong')
  const bitDepth = segment.readUInt8(0)
  if (bitDepth !== 8) throw unsupported(`a JPEG image of ${bitDepth} bits per colour, which browsers cannot show`)
  return { width: segment.readUInt16BE(3), height: segment.readUInt16BE(1), bitDepth, colour }
}

/** APP1 also holds XMP, which begins otherwise. */
const readOrientation = (segment: Buffer) =>
  segment.toString('latin1', 0, 6) === 'Exif\0\0' ? exifOrientation(segment) : undefined
