import { damaged } from './image-rejected.ts'

/*
 * Where the pixels of a PNG lie, of one that has passed inspection: its chunks have the length that they say.
 */

const SIGNATURE_BYTES = 8
/** Length, type and checksum. */
const FRAME_BYTES = 12
/** In the file: behind the signature, the head of the first chunk, width and height. */
const BIT_DEPTH_AT = 24
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
/** Where each pass of an interlaced image begins, and its steps: PNG specification, 8.2. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2]
] as const
const ONE_PASS = [[0, 0, 1, 1]] as const

/** Rows of the same length in bytes, each with the byte before it that says how it is filtered. */
export interface PixelRows {
  count: number
  length: number
}

/** In the order in which they are packed: of each pass, if it has pixels. */
export function pixelRows(png: Buffer): PixelRows[] {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const [bitDepth = 0, colourType = 0, , , interlace] = png.subarray(BIT_DEPTH_AT)
  const bits = bitDepth * (CHANNELS[colourType] ?? 0)
  return (interlace === 1 ? ADAM7 : ONE_PASS).flatMap(([left, top, across, down]) => {
    const columns = Math.ceil((width - left) / across)
    const count = Math.ceil((height - top) / down)
    return columns > 0 && count > 0 ? [{ count, length: 1 + Math.ceil((columns * bits) / 8) }] : []
  })
}

/** The packed pixels, in the pieces that they are in. @throws ImageRejected `damaged` when anything lies between them. */
export function packedPixels(png: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  let isOver = false
  for (let at = SIGNATURE_BYTES; at < png.length;) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    if (type === 'IEND') break
    if (type !== 'IDAT') isOver = pieces.length > 0
    else if (isOver) throw damaged('something lies between its pixels')
    else pieces.push(png.subarray(at + 8, at + 8 + length))
    at += FRAME_BYTES + length
  }
  return pieces
}
