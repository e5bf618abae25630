import type { ByteFeed, Parsing } from './byte-feed.ts'
import { damaged } from './image-rejected.ts'
import type { Size } from './image-request.ts'

/** A row is held whole: far more than real images need, far less than a header may claim. */
const MAX_ROW_BYTES = 16 * 1024 * 1024

const GRAY = 0
const RGB = 2
const PALETTE = 3
const GRAY_ALPHA = 4
const RGB_ALPHA = 6
const CHANNELS: Readonly<Record<number, number>> = {
  [GRAY]: 1,
  [RGB]: 3,
  [PALETTE]: 1,
  [GRAY_ALPHA]: 2,
  [RGB_ALPHA]: 4
}

/** The passes of an interlaced PNG: first pixel and distance of the pixels of each, in x and y (specification, 8.2). */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2]
] as const

/** How the unpacked bytes of a PNG's pixels are to be read. */
export interface PngLayout extends Size {
  bitDepth: number
  colourType: number
  interlaced: boolean
  /** The data of tRNS; empty without one. */
  transparency: Buffer
}

export function readPngLayout(chunks: ReadonlyMap<string, Buffer>): PngLayout {
  const header = chunks.get('IHDR')
  if (header?.length !== 13) throw damaged('its header is missing')
  return {
    width: header.readUInt32BE(0),
    height: header.readUInt32BE(4),
    bitDepth: header.readUInt8(8),
    colourType: header.readUInt8(9),
    interlaced: header.readUInt8(12) === 1,
    transparency: chunks.get('tRNS') ?? Buffer.alloc(0)
  }
}

/** Whether any pixel in the unpacked rows, each a filter byte and its filtered bytes, is not opaque. */
export function* findInRows(feed: ByteFeed, layout: PngLayout): Parsing<boolean> {
  const bitsPerPixel = layout.bitDepth * (CHANNELS[layout.colourType] ?? 1)
  const pixelBytes = Math.ceil(bitsPerPixel / 8)
  const alpha = alphaPlace(layout, pixelBytes)
  const hasTransparency = transparencyTest(layout, pixelBytes)
  for (const { width, height } of passesOf(layout)) {
    const rowBytes = Math.ceil((width * bitsPerPixel) / 8)
    if (rowBytes > MAX_ROW_BYTES) throw damaged('its rows are too long')
    let above: Buffer = Buffer.alloc(rowBytes)
    for (let y = 0; y < height; y++) {
      const filter = (yield* feed.exactly(1)).readUInt8(0)
      const row = yield* feed.exactly(rowBytes)
      unfilter(row, above, { filter, pixelBytes, ...alpha })
      if (hasTransparency(row, width)) return true
      above = row
    }
  }
  return false
}

function passesOf({ width, height, interlaced }: PngLayout): Size[] {
  if (!interlaced) return [{ width, height }]
  const count = (length: number, from: number, every: number) => Math.max(0, Math.ceil((length - from) / every))
  return ADAM7.map(([x, y, everyX, everyY]) => ({
    width: count(width, x, everyX),
    height: count(height, y, everyY)
  })).filter((pass) => pass.width > 0 && pass.height > 0)
}

/** Which bytes of a row matter. A filter works on each byte of a pixel by itself, so the colours can be left alone. */
function alphaPlace({ colourType, bitDepth }: PngLayout, pixelBytes: number): { from: number; every: number } {
  const hasChannel = colourType === GRAY_ALPHA || colourType === RGB_ALPHA
  return hasChannel ? { from: pixelBytes - bitDepth / 8, every: pixelBytes } : { from: 0, every: 1 }
}

function transparencyTest(layout: PngLayout, pixelBytes: number): (row: Buffer, width: number) => boolean {
  const { colourType, bitDepth, transparency } = layout
  if (colourType === GRAY_ALPHA || colourType === RGB_ALPHA) {
    const { from, every } = alphaPlace(layout, pixelBytes)
    return (row) => {
      for (let at = from; at < row.length; at += every) if (row[at] !== 255) return true
      return false
    }
  }
  if (colourType === PALETTE)
    return (row, width) => somePixel(row, { width, bitDepth }, (index) => (transparency[index] ?? 255) !== 255)
  if (transparency.length < 2) return () => false
  if (colourType === GRAY && bitDepth < 16) {
    const gray = transparency.readUInt16BE(0)
    return (row, width) => somePixel(row, { width, bitDepth }, (value) => value === gray)
  }
  const colour = bitDepth === 16 ? transparency : transparency.filter((_, index) => index % 2 === 1)
  return (row) => {
    for (let at = 0; at < row.length; at += pixelBytes) {
      if (row.subarray(at, at + pixelBytes).equals(colour)) return true
    }
    return false
  }
}

/** Whether `test` holds for any of the one-channel pixels, packed from the highest bit, of 1, 2, 4 or 8 bits. */
function somePixel(
  row: Buffer,
  { width, bitDepth }: { width: number; bitDepth: number },
  test: (value: number) => boolean
): boolean {
  const perByte = 8 / bitDepth
  const mask = 2 ** bitDepth - 1
  for (let x = 0; x < width; x++) {
    const shift = 8 - bitDepth * ((x % perByte) + 1)
    if (test(((row[Math.floor(x / perByte)] as number) >> shift) & mask)) return true
  }
  return false
}

interface Filtering {
  filter: number
  /** Distance to the byte on the left that a filter refers to. */
  pixelBytes: number
  from: number
  every: number
}

/** Undoes the filter of a row in place, for the bytes `from`, `from + every`, … (specification, 9.2). */
function unfilter(row: Buffer, above: Buffer, { filter, pixelBytes, from, every }: Filtering): void {
  if (filter === 0) return
  const predict = PREDICTORS[filter]
  if (!predict) throw damaged('a row has a filter that does not exist')
  for (let at = from; at < row.length; at += every) {
    const left = at < pixelBytes ? 0 : (row[at - pixelBytes] as number)
    const upperLeft = at < pixelBytes ? 0 : (above[at - pixelBytes] as number)
    row[at] = (row[at] as number) + predict(left, above[at] as number, upperLeft)
  }
}

const PREDICTORS: readonly ((left: number, up: number, upperLeft: number) => number)[] = [
  () => 0,
  (left) => left,
  (_left, up) => up,
  (left, up) => (left + up) >> 1,
  paeth
]

function paeth(left: number, up: number, upperLeft: number): number {
  const estimate = left + up - upperLeft
  const toLeft = Math.abs(estimate - left)
  const toUp = Math.abs(estimate - up)
  const toUpperLeft = Math.abs(estimate - upperLeft)
  if (toLeft <= toUp && toLeft <= toUpperLeft) return left
  return toUp <= toUpperLeft ? up : upperLeft
}
