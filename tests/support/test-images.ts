import sharp from 'sharp'
import { crc32, deflateSync } from 'node:zlib'
import { ImageInspector, ImageRejected, type ImageFacts } from '../../src/images/image-inspector.ts'

// Images for tests: small ones by sharp, and by hand those that no encoder would write.

export const PNG_SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

export function pngChunk(type: string, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  return Buffer.concat([uint32BE(data.length), named, uint32BE(crc32(named))])
}

export interface PngHeader {
  width?: number
  height?: number
  bitDepth?: number
  colourType?: number
}

export const ihdr = ({ width = 2, height = 2, bitDepth = 8, colourType = 2 }: PngHeader = {}): Buffer =>
  pngChunk('IHDR', Buffer.concat([uint32BE(width), uint32BE(height), Buffer.from([bitDepth, colourType, 0, 0, 0])]))

/** The pixels of a 2×2 black RGB image. */
export const idat = (): Buffer => pngChunk('IDAT', deflateSync(Buffer.alloc(2 * (1 + 2 * 3))))

/** A 2×2 png of the chunks given between signature and end. */
export const pngOf = (...chunks: Buffer[]): Buffer => Buffer.concat([PNG_SIGNATURE, ...chunks, pngChunk('IEND')])

/** The 16-bit png of one pixel colour, all channels alike; alpha separately. */
export function png16({
  width,
  height,
  value,
  alpha
}: {
  width: number
  height: number
  value: number
  alpha: number
}) {
  const pixel = Buffer.concat([value, value, value, alpha].map(uint16BE))
  const row = Buffer.concat([Buffer.from([0]), ...Array.from({ length: width }, () => pixel)])
  const rows = Buffer.concat(Array.from({ length: height }, () => row))
  return pngOf(ihdr({ width, height, bitDepth: 16, colourType: 6 }), pngChunk('IDAT', deflateSync(rows)))
}

export function riff(...chunks: Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from('WEBP'), ...chunks])
  return Buffer.concat([Buffer.from('RIFF'), uint32LE(body.length), body])
}

export const webpChunk = (type: string, data: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(type, 'latin1'), uint32LE(data.length), data, Buffer.alloc(data.length % 2)])

/** The canvas header of an extended WebP. */
export function vp8x({ width, height, flags = 0 }: { width: number; height: number; flags?: number }): Buffer {
  const data = Buffer.alloc(10)
  data.writeUInt8(flags, 0)
  data.writeUIntLE(width - 1, 4, 3)
  data.writeUIntLE(height - 1, 7, 3)
  return webpChunk('VP8X', data)
}

export const jpegSegment = (marker: number, data: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0xff, marker]), uint16BE(data.length + 2), data])

/** The start of frame of a JPEG. */
export function sof({ marker = 0xc0, precision = 8, width = 2, height = 2, components = 3 } = {}): Buffer {
  const head = Buffer.concat([Buffer.from([precision]), uint16BE(height), uint16BE(width), Buffer.from([components])])
  return jpegSegment(marker, Buffer.concat([head, Buffer.alloc(3 * components)]))
}

export const SOI = Buffer.from([0xff, 0xd8])
export const EOI = Buffer.from([0xff, 0xd9])
/** A start of scan with a few bytes of data, among them a stuffed zero, a restart marker and fill bytes. */
export const SCAN = Buffer.concat([
  jpegSegment(0xda, Buffer.from([1, 1, 0, 0, 63, 0])),
  Buffer.from([0x12, 0xff, 0x00, 0x34, 0xff, 0xd3, 0x56, 0xff, 0xff, 0xff, 0x00])
])

/** Types of an EXIF entry: some programs write the orientation as another one than the SHORT that EXIF wants. */
export const EXIF_TYPES = { BYTE: 1, SHORT: 3, LONG: 4 } as const

/** An EXIF block whose only entry is the orientation, without "Exif\0\0". */
export function exifBlock(
  orientation: number,
  byteOrder: 'II' | 'MM' = 'II',
  type: keyof typeof EXIF_TYPES = 'SHORT'
): Buffer {
  const uint16 = byteOrder === 'II' ? uint16LE : uint16BE
  const uint32 = byteOrder === 'II' ? uint32LE : uint32BE
  const values = {
    BYTE: [Buffer.from([orientation, 0, 0, 0])],
    SHORT: [uint16(orientation), uint16(0)],
    LONG: [uint32(orientation)]
  }
  const entry = [uint16(0x0112), uint16(EXIF_TYPES[type]), uint32(1), ...values[type]]
  return Buffer.concat([Buffer.from(byteOrder), uint16(42), uint32(8), uint16(1), ...entry, uint32(0)])
}

export const EXIF_PREFIX = Buffer.from('Exif\0\0', 'latin1')

/** A jpeg whose start of scan has parameters that are wrong for its kind, as some telephones write it. */
export function withOddScan(jpeg: Buffer): Buffer {
  const odd = Buffer.from(jpeg)
  const scan = odd.indexOf(Buffer.from([0xff, 0xda]))
  // The last spectral coefficient, 63 in every sequential jpeg.
  odd[scan + 2 + odd.readUInt16BE(scan + 2) - 2] = 0
  return odd
}

/** The same picture with an EXIF block, whatever its format; it must have none. */
export function withExif(image: Buffer, block: Buffer, size: { width: number; height: number }): Buffer {
  if (image[0] === 0xff) {
    return Buffer.concat([SOI, jpegSegment(0xe1, Buffer.concat([EXIF_PREFIX, block])), image.subarray(2)])
  }
  if (image[0] === 0x89) {
    const headEnd = PNG_SIGNATURE.length + ihdr().length
    return Buffer.concat([image.subarray(0, headEnd), pngChunk('eXIf', block), image.subarray(headEnd)])
  }
  return riff(vp8x({ ...size, flags: 0x08 }), image.subarray(12), webpChunk('EXIF', block))
}

/** A picture in which every pixel differs from its neighbours, `channels` of it, raw. */
export function pattern(width: number, height: number, channels: 1 | 3 | 4) {
  const pixels = Buffer.alloc(width * height * channels)
  for (let index = 0; index < pixels.length; index++) pixels[index] = (index * 37 + (index >> 3) * 11) % 256
  return sharp(pixels, { raw: { width, height, channels } })
}

/** One small file of each structure the parsers know. */
export async function smallImages(): Promise<Record<string, Buffer>> {
  const rgb = () => pattern(9, 7, 3)
  const rgba = () => pattern(9, 7, 4)
  return {
    'png rgb': await rgb().png().toBuffer(),
    'png rgba': await rgba().png().toBuffer(),
    'png palette': await rgb().png({ palette: true, colours: 8 }).toBuffer(),
    'png with exif': await rgb().withMetadata({ orientation: 6 }).png().toBuffer(),
    'jpeg baseline': await rgb().jpeg().toBuffer(),
    'jpeg progressive': await rgb().jpeg({ progressive: true }).toBuffer(),
    'jpeg gray': await pattern(9, 7, 1).toColourspace('b-w').jpeg().toBuffer(),
    'jpeg with exif': await rgb().withMetadata({ orientation: 8 }).jpeg().toBuffer(),
    'webp lossy': await rgb().webp().toBuffer(),
    'webp lossy with alpha': await rgba().webp().toBuffer(),
    'webp lossless': await rgba().webp({ lossless: true }).toBuffer(),
    'webp with exif': await rgb().withMetadata({ orientation: 3 }).webp().toBuffer()
  }
}

/** Frames of 4×4 as an animated WebP. */
export async function animatedWebp(): Promise<Buffer> {
  const frame = (background: string) =>
    sharp({ create: { width: 4, height: 4, channels: 3, background } })
      .png()
      .toBuffer()
  return sharp([await frame('red'), await frame('blue')], { join: { animated: true } })
    .webp()
    .toBuffer()
}

export function inspect(bytes: Uint8Array, maxPixels = 1_000_000): ImageFacts {
  const inspector = new ImageInspector({ maxPixels })
  inspector.write(bytes)
  return inspector.end()
}

/** Facts, or reason and message of the rejection: what two ways of inspecting the same bytes must agree on. */
export function verdict(chunks: Iterable<Uint8Array>, maxPixels = 1_000_000): unknown {
  const inspector = new ImageInspector({ maxPixels })
  try {
    for (const chunk of chunks) inspector.write(chunk)
    return inspector.end()
  } catch (error) {
    if (!(error instanceof ImageRejected)) throw error
    return { reason: error.reason, message: error.message }
  }
}

/** The reason for which bytes are rejected; undefined when they are taken. */
export const rejection = (bytes: Uint8Array, maxPixels?: number): string | undefined =>
  (verdict([bytes], maxPixels) as { reason?: string }).reason

function uint16BE(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function uint32BE(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const uint16LE = (value: number) => uint16BE(value).reverse()
const uint32LE = (value: number) => uint32BE(value).reverse()
