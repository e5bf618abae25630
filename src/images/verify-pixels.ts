import { constants, inflateSync } from 'node:zlib'
import { lengthOf } from '../lib/length-of.ts'
import { decodeToTheEnd, whenDecoded } from './decode-image.ts'
import type { ImageFacts } from './image-facts.ts'
import { damaged } from './image-rejected.ts'
import { packedPixels, pixelRows } from './png-pixels.ts'

/**
 * Checks the pixels of an image that has passed inspection with these facts and goes on unchanged.
 * - PNG, whose checksums inspection has verified: that its pixels begin to unpack, and may be as many as its header says. Where they
 *   are 64 KiB or fewer, that all of them are there and what was packed. What damages bytes on their way is found by the checksums.
 * - JPEG and WebP, which have no checksums: that all pixels decode, in a thread of the decoder's own. A jpeg scan that stops
 *   early but is closed by its EOI marker passes, gray where it lacks pixels: to decoders and browsers that is a warning.
 *
 * @throws ImageRejected `damaged`
 */
export async function verifyPixels(image: Buffer, facts: ImageFacts): Promise<void> {
  if (facts.mediaType === 'image/png') checkPngPixels(image)
  else await whenDecoded(decodeToTheEnd(image, facts))
}

/** As packed, of those that are too many to unpack all. */
const MOST_PACKED_BYTES = 16 * 1024
const MOST_PIXEL_BYTES = 64 * 1024
/** Deflate makes at most 258 bytes of two bits. */
const MOST_INFLATION = 1032
const MOST_FILTER = 4

function checkPngPixels(png: Buffer): void {
  const rows = pixelRows(png)
  const bytes = rows.reduce((sum, { count, length }) => sum + count * length, 0)
  const packed = packedPixels(png)
  const packedBytes = lengthOf(packed)
  if (packedBytes * MOST_INFLATION < bytes) throw undecodable()
  const isWhole = bytes <= MOST_PIXEL_BYTES || packedBytes <= MOST_PACKED_BYTES
  const pixels = unpack(Buffer.concat(packed, isWhole ? packedBytes : MOST_PACKED_BYTES), isWhole)
  if (!pixels) return
  if (isWhole && pixels.length < bytes) throw undecodable()
  let at = 0
  for (const { count, length } of rows) {
    const end = Math.min(at + count * length, pixels.length)
    for (; at < end; at += length) if ((pixels[at] ?? 0) > MOST_FILTER) throw undecodable()
  }
}

/** Undefined when they are more than is looked at: there are enough of them. */
function unpack(packed: Buffer, isWhole: boolean): Buffer | undefined {
  try {
    return inflateSync(packed, {
      finishFlush: isWhole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
      maxOutputLength: MOST_PIXEL_BYTES
    })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw undecodable({ cause })
  }
}

const undecodable = (options?: ErrorOptions) => damaged('its pixels cannot be decoded', options)
