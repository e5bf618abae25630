import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createInflate } from 'node:zlib'
import { ByteFeed, type Parsing } from './byte-feed.ts'
import { damaged, ImageRejected } from './image-rejected.ts'
import { pngPasses, PngRows } from './png-rows.ts'

/** A row is held whole; real images are far from this, and a row of all pixels a header may claim would not fit. */
const MAX_ROW_BYTES = 16 * 1024 * 1024
const INFLATE_CHUNK_BYTES = 64 * 1024

interface PngLayout {
  width: number
  height: number
  bitDepth: number
  colourType: number
  interlaced: boolean
  /** The tRNS chunk: of a palette the alpha of its first entries, else the one colour that is transparent. */
  transparentColour: Buffer | undefined
}

/**
 * Whether a PNG has any pixel that is not opaque, for a file that has passed inspection. It is read to the first such
 * pixel while it streams, with two rows of it in memory. 16-bit alpha is judged by its upper byte, which is what is
 * left of it in 8 bits.
 *
 * @throws ImageRejected `damaged` when its pixels cannot be unpacked or are fewer than it says.
 */
export async function hasTransparentPixel(png: Readable): Promise<boolean> {
  const feed = new ByteFeed()
  const layout: Partial<PngLayout> = {}
  try {
    return await pipeline(
      png,
      (chunks: AsyncIterable<Buffer>) => pixelData(chunks, { feed, layout }),
      createInflate({ chunkSize: INFLATE_CHUNK_BYTES }),
      (data: AsyncIterable<Buffer>) => scan(data, layout as PngLayout)
    )
  } catch (error) {
    if (error instanceof Found) return true
    throw (error as NodeJS.ErrnoException).code?.startsWith('Z_') ? damaged('its pixels cannot be unpacked') : error
  }
}
