import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createInflate } from 'node:zlib'
import { ByteFeed, type Parsing } from './byte-feed.ts'
import { damaged } from './image-rejected.ts'
import { findInRows, type PngLayout, readPngLayout } from './png-rows.ts'

const SIGNATURE_BYTES = 8
const CHUNK_HEADER_BYTES = 8
const CRC_BYTES = 4
/** Of the chunks that say how pixels are to be read; tRNS has at most one byte for each colour of a palette. */
const BYTES_KEPT: Readonly<Record<string, number>> = { IHDR: 13, tRNS: 256 }
const INFLATE_CHUNK_BYTES = 64 * 1024

/**
 * Whether any pixel of a PNG is not opaque. The file, which must have passed inspection, is read up to the first such
 * pixel, with two rows of it in memory. 16-bit alpha is judged by its upper byte: what is left of it at 8 bits.
 *
 * @throws ImageRejected `damaged` when the pixels cannot be unpacked or are fewer than the header says.
 */
export async function hasTransparentPixel(png: Readable): Promise<boolean> {
  const chunks = new Map<string, Buffer>()
  let found: boolean | undefined
  try {
    await pipeline(
      png,
      (bytes: AsyncIterable<Buffer>) => compressedPixels(bytes, chunks),
      createInflate({ chunkSize: INFLATE_CHUNK_BYTES }),
      async (pixels: AsyncIterable<Buffer>) => {
        found = await findTransparency(pixels, () => readPngLayout(chunks))
      }
    )
  } catch (error) {
    // Leaving before the end aborts what comes before.
    if (found === undefined) throw isZlibError(error) ? damaged('its pixels cannot be unpacked') : error
  }
  return found === true
}

const isZlibError = (error: unknown): boolean => (error as NodeJS.ErrnoException).code?.startsWith('Z_') ?? false

/** The data of all IDAT chunks; `kept` gets the chunks that go before them and matter. */
async function* compressedPixels(bytes: AsyncIterable<Buffer>, kept: Map<string, Buffer>): AsyncGenerator<Uint8Array> {
  const feed = new ByteFeed()
  const pixels: Uint8Array[] = []
  const reading = readChunks(feed, { kept, visit: (piece) => void pixels.push(piece) })
  for await (const chunk of bytes) {
    feed.push(chunk)
    const { done } = reading.next()
    yield* pixels.splice(0)
    if (done === true) return
  }
}

function* readChunks(
  feed: ByteFeed,
  { kept, visit }: { kept: Map<string, Buffer>; visit: (piece: Uint8Array) => void }
): Parsing<void> {
  yield* feed.skip(SIGNATURE_BYTES)
  for (;;) {
    const header = yield* feed.exactly(CHUNK_HEADER_BYTES)
    const length = header.readUInt32BE(0)
    const type = header.toString('latin1', 4)
    if (type === 'IEND') return
    const data = yield* feed.exactly(Math.min(length, BYTES_KEPT[type] ?? 0))
    if (data.length > 0) kept.set(type, data)
    yield* feed.skip(length - data.length, type === 'IDAT' ? visit : undefined)
    yield* feed.skip(CRC_BYTES)
  }
}

async function findTransparency(pixels: AsyncIterable<Buffer>, layout: () => PngLayout): Promise<boolean> {
  const feed = new ByteFeed()
  let finding: Parsing<boolean> | undefined
  for await (const piece of pixels) {
    feed.push(piece)
    finding ??= findInRows(feed, layout())
    const step = finding.next()
    if (step.done === true) return step.value
  }
  throw damaged('it has fewer pixels than it says')
}
