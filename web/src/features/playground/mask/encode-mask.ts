import type { Size } from '../sizes.ts'

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10]
const RGBA = 6
const ROWS_AT_ONCE = 128

/**
 * A PNG with 8-bit RGBA of exactly this size: **transparent where `pixels` is 1 (change here)**, opaque black where it
 * is 0. The changed area is white under its transparency, for engines that look at the brightness.
 */
export async function encodeMask(pixels: Uint8Array, { width, height }: Size): Promise<Blob> {
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header.set([8, RGBA], 8)
  const deflated = scanlines(pixels, { width, height }).pipeThrough(new CompressionStream('deflate'))
  const data = new Uint8Array(await new Response(deflated).arrayBuffer())
  const parts = [new Uint8Array(SIGNATURE), chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', new Uint8Array())]
  return new Blob(parts, { type: 'image/png' })
}

/** Rows as PNG has them, each after the byte that says that it is not filtered; a few at a time, as images are large. */
function scanlines(pixels: Uint8Array, { width, height }: Size): ReadableStream<Uint8Array<ArrayBuffer>> {
  let row = 0
  return new ReadableStream({
    pull: (controller) => {
      const end = Math.min(height, row + ROWS_AT_ONCE)
      const bytes = new Uint8Array((end - row) * (1 + width * 4))
      for (let at = 0; row < end; row++) {
        at += 1
        for (let column = 0; column < width; column++, at += 4) {
          if (pixels[row * width + column] === 1) bytes.fill(255, at, at + 3)
          else bytes[at + 3] = 255
        }
      }
      controller.enqueue(bytes)
      if (row === height) controller.close()
    }
  })
}

function chunk(type: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, data.length)
  bytes.set(new TextEncoder().encode(type), 4)
  bytes.set(data, 8)
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)))
  return bytes
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
  return value
})

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}
