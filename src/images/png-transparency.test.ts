import fc from 'fast-check'
import { Readable } from 'node:stream'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { hasTransparentPixel } from './png-transparency.ts'
import { ihdr, inspect, pattern, pngChunk, pngOf } from './test-images.ts'

/** In pieces, as from a store. */
const inPieces = (bytes: Buffer, length = 7): Readable =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
      bytes.subarray(index * length, (index + 1) * length)
    )
  )

/** What the decoder says. */
async function decodesTransparent(png: Buffer): Promise<boolean> {
  const { data } = await sharp(png).ensureAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
  return data.some((value, index) => index % 4 === 3 && value !== 255)
}

const CHANNELS: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }
const LAYOUTS = [
  ...[1, 2, 4, 8, 16].map((bitDepth) => ({ colourType: 0, bitDepth })),
  ...[8, 16].map((bitDepth) => ({ colourType: 2, bitDepth })),
  ...[1, 2, 4, 8].map((bitDepth) => ({ colourType: 3, bitDepth })),
  ...[8, 16].map((bitDepth) => ({ colourType: 4, bitDepth })),
  ...[8, 16].map((bitDepth) => ({ colourType: 6, bitDepth }))
]
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2]
] as const

interface AnyPng {
  layout: { colourType: number; bitDepth: number }
  width: number
  height: number
  interlaced: boolean
  /** Endless, drawn from in turn. */
  bytes: number[]
  filters: number[]
  opaque: boolean
  transparency: number[] | undefined
}

const anyPng = fc.record<AnyPng>({
  layout: fc.constantFrom(...LAYOUTS),
  width: fc.integer({ min: 1, max: 11 }),
  height: fc.integer({ min: 1, max: 11 }),
  interlaced: fc.boolean(),
  bytes: fc.array(fc.constantFrom(0, 1, 2, 7, 128, 254, 255), { minLength: 1, maxLength: 40 }),
  filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 8 }),
  opaque: fc.boolean(),
  transparency: fc.option(fc.array(fc.constantFrom(0, 1, 255), { minLength: 6, maxLength: 6 }), { nil: undefined })
})

function encode({ layout, width, height, interlaced, opaque, ...png }: AnyPng): Buffer {
  const { colourType, bitDepth } = layout
  const bits = CHANNELS[colourType]! * bitDepth
  const pixelBytes = Math.ceil(bits / 8)
  const hasAlpha = colourType >= 4
  let drawn = 0
  let filtered = 0
  const rows: Buffer[] = []
  const passes = interlaced ? ADAM7 : [[0, 0, 1, 1] as const]
  for (const [x, y, everyX, everyY] of passes) {
    const columns = Math.ceil((width - x) / everyX)
    if (columns <= 0) continue
    let above = Buffer.alloc(Math.ceil((columns * bits) / 8))
    for (let line = y; line < height; line += everyY) {
      const row = Buffer.alloc(above.length)
      for (let at = 0; at < row.length; at++) {
        const isAlpha = hasAlpha && at % pixelBytes >= pixelBytes - bitDepth / 8
        row[at] = isAlpha && opaque ? 255 : png.bytes[drawn++ % png.bytes.length]!
      }
      rows.push(filterRow(row, above, { filter: png.filters[filtered++ % png.filters.length]!, pixelBytes }))
      above = row
    }
  }
  const samples = { 0: 2, 2: 6, 3: Math.min(2 ** bitDepth, 6) }[colourType]
  return pngOf(
    interlacedHeader({ width, height, bitDepth, colourType, interlaced }),
    ...(colourType === 3 ? [pngChunk('PLTE', Buffer.alloc(3 * 2 ** bitDepth, 99))] : []),
    ...(png.transparency && samples ? [pngChunk('tRNS', colourKey(png.transparency.slice(0, samples), layout))] : []),
    pngChunk('IDAT', deflateSync(Buffer.concat(rows)))
  )
}

/** A transparent colour of fewer than 16 bits has only its lower bits. */
const colourKey = (bytes: number[], { colourType, bitDepth }: AnyPng['layout']): Buffer =>
  Buffer.from(
    colourType === 3 || bitDepth === 16
      ? bytes
      : bytes.map((byte, index) => (index % 2 === 0 ? 0 : byte & (2 ** bitDepth - 1)))
  )

function interlacedHeader(header: {
  width: number
  height: number
  bitDepth: number
  colourType: number
  interlaced: boolean
}): Buffer {
  const data = Buffer.from(ihdr(header).subarray(8, 21))
  data[12] = header.interlaced ? 1 : 0
  return pngChunk('IHDR', data)
}

function filterRow(row: Buffer, above: Buffer, { filter, pixelBytes }: { filter: number; pixelBytes: number }): Buffer {
  const out = Buffer.alloc(row.length + 1)
  out[0] = filter
  for (let at = 0; at < row.length; at++) {
    const a = at < pixelBytes ? 0 : row[at - pixelBytes]!
    const b = above[at]!
    const c = at < pixelBytes ? 0 : above[at - pixelBytes]!
    const p = a + b - c
    const nearest = [a, b, c].reduce((best, one) => (Math.abs(p - one) < Math.abs(p - best) ? one : best))
    out[at + 1] = row[at]! - [0, a, b, Math.floor((a + b) / 2), nearest][filter]!
  }
  return out
}

describe('hasTransparentPixel', () => {
  it('says what the decoder says, of every layout, filter and interlacing', async () => {
    await fc.assert(
      fc.asyncProperty(anyPng, async (given) => {
        const png = encode(given)
        inspect(png)
        expect(await hasTransparentPixel(inPieces(png))).toBe(await decodesTransparent(png))
      }),
      { numRuns: 600 }
    )
  })

  it('finds one pixel of many, the last as well as the first', async () => {
    const pixels = Buffer.alloc(300 * 200 * 4, 255)
    const png = (raw: Buffer) =>
      sharp(raw, { raw: { width: 300, height: 200, channels: 4 } })
        .png()
        .toBuffer()
    expect(await hasTransparentPixel(inPieces(await png(pixels), 1000))).toBe(false)
    for (const at of [3, pixels.length - 1]) {
      const changed = Buffer.from(pixels)
      changed[at] = 254
      expect(await hasTransparentPixel(inPieces(await png(changed), 1000))).toBe(true)
    }
  })

  it('reads pixels that are cut into many chunks', async () => {
    const zlib = deflateSync(Buffer.from([0, 9, 9, 9, 255, 0, 9, 9, 9, 0]))
    const header = ihdr({ width: 1, height: 2, colourType: 6 })
    const chunks = [...zlib].map((byte) => pngChunk('IDAT', Buffer.from([byte])))
    expect(await hasTransparentPixel(inPieces(pngOf(header, ...chunks), 1))).toBe(true)
  })

  it('refuses pixels that cannot be unpacked, are too few, or come in rows that no image has', async () => {
    const header = ihdr({ colourType: 6 })
    const damaged = [
      pngOf(header, pngChunk('IDAT', Buffer.from('no zlib at all'))),
      pngOf(header, pngChunk('IDAT', deflateSync(Buffer.alloc(5, 255)))),
      pngOf(header, pngChunk('IDAT', deflateSync(Buffer.from([9, ...Buffer.alloc(17, 255)])))),
      pngOf(header, pngChunk('IDAT', deflateSync(Buffer.alloc(18)).subarray(0, 4))),
      pngOf(ihdr({ width: 60_000_000, height: 1, colourType: 6 }), pngChunk('IDAT', deflateSync(Buffer.alloc(100))))
    ]
    for (const [index, png] of damaged.entries()) {
      await expect(hasTransparentPixel(inPieces(png)), `${index}`).rejects.toMatchObject({ reason: 'damaged' })
    }
  })

  it('passes on what the source fails with', async () => {
    const png = await pattern(9, 7, 4).png().toBuffer()
    const failing = Readable.from(
      (async function* () {
        yield png.subarray(0, 50)
        throw new Error('the disk is gone')
      })()
    )
    await expect(hasTransparentPixel(failing)).rejects.toThrow('the disk is gone')
  })
})
