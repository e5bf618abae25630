import { randomBytes } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  EOI,
  ihdr,
  pattern,
  png16,
  pngChunk,
  pngOf,
  SCAN,
  smallImages,
  sof,
  SOI
} from '../../tests/support/test-images.ts'
import { inspectSource } from './decode-image.ts'
import { orientedSize } from './image-facts.ts'
import { ImageRejected } from './image-rejected.ts'
import { verifyPixels } from './verify-pixels.ts'

const maxPixels = 1_000_000
const ROW_BYTES = 1 + 64 * 3

/** Of an image 64 wide: black. */
const rows = (count: number): Buffer => Buffer.alloc(count * ROW_BYTES)

/** `whole`, or why it was rejected: undefined of a decoder. */
const outcomeOf = (looking: Promise<unknown>): Promise<string | undefined> =>
  looking.then(
    () => 'whole',
    (error: unknown) => (error instanceof ImageRejected ? error.reason : undefined)
  )

/** The first chunk of a png, and its packed pixels, which lie in one. */
function apart(png: Buffer): { head: Buffer; packed: Buffer } {
  const at = png.indexOf('IDAT')
  return { head: png.subarray(8, 33), packed: png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)) }
}

describe('verifyPixels', () => {
  const verify = async (input: Buffer, most: number) => {
    const facts = await inspectSource(input, most)
    await verifyPixels(input, facts)
    return { ...orientedSize(facts), hasAlpha: facts.hasAlpha, mediaType: facts.mediaType }
  }

  it('tells size, alpha and type of what decodes', async () => {
    for (const [name, input] of Object.entries(await smallImages())) {
      const { orientation = 1, hasAlpha, format } = await sharp(input).metadata()
      const size = orientation >= 5 ? { width: 7, height: 9 } : { width: 9, height: 7 }
      expect(await verify(input, maxPixels), name).toEqual({ ...size, hasAlpha, mediaType: `image/${format}` })
    }
  })

  it('rejects a truncated image of each format, wherever it ends', async () => {
    const noise = () => pattern(64, 64, 3)
    const files = [await noise().png().toBuffer(), await noise().jpeg().toBuffer(), await noise().webp().toBuffer()]
    for (const file of files) {
      for (let part = 1; part < 10; part++) {
        const truncated = file.subarray(0, Math.floor((file.length * part) / 10))
        await expect(verify(truncated, maxPixels)).rejects.toMatchObject({ reason: 'damaged' })
      }
    }
  })

  it('rejects what only decoding shows, in a structure that is whole', async () => {
    const jpeg = Buffer.concat([SOI, sof({ width: 64, height: 64 }), SCAN, EOI])
    const webp = Buffer.from(await pattern(64, 64, 3).webp({ lossless: true }).toBuffer()).fill(0x55, 60)
    for (const bytes of [jpeg, webp]) {
      await expect(verify(bytes, maxPixels)).rejects.toMatchObject({ reason: 'damaged' })
    }
  })

  it('takes a small png of which a decoder takes all, and no other', async () => {
    const packed = deflateSync(rows(64))
    const [half, rest] = [packed.subarray(0, 20), packed.subarray(20)]
    const files: Record<string, [isWhole: boolean, ...chunks: Buffer[]]> = {
      'all rows': [true, pngChunk('IDAT', packed)],
      'in pieces': [true, pngChunk('IDAT'), pngChunk('IDAT', half), pngChunk('IDAT', rest)],
      'more rows': [true, pngChunk('IDAT', deflateSync(rows(65)))],
      'ten times as many': [true, pngChunk('IDAT', deflateSync(rows(640)))],
      'something behind them': [true, pngChunk('IDAT', packed), pngChunk('tEXt', Buffer.from('a\0b'))],
      'something between them': [
        false,
        pngChunk('IDAT', half),
        pngChunk('gAMA', Buffer.alloc(4)),
        pngChunk('IDAT', rest)
      ],
      'half of the rows': [false, pngChunk('IDAT', deflateSync(rows(32)))],
      'all but the last byte': [false, pngChunk('IDAT', deflateSync(rows(64).subarray(1)))],
      'no checksum': [false, pngChunk('IDAT', packed.subarray(0, -4))],
      'another checksum': [false, pngChunk('IDAT', Buffer.concat([packed.subarray(0, -1), Buffer.from([7])]))],
      'a filter that does not exist': [
        false,
        pngChunk('IDAT', deflateSync(rows(64).fill(5, ROW_BYTES, ROW_BYTES + 1)))
      ],
      'nothing packed': [false, pngChunk('IDAT', rows(64))],
      nothing: [false, pngChunk('IDAT')]
    }
    for (const [name, [isWhole, ...chunks]] of Object.entries(files)) {
      const png = pngOf(ihdr({ width: 64, height: 64 }), ...chunks)
      const expected = isWhole ? 'whole' : 'damaged'
      const decoded = sharp(png, { failOn: 'error' }).raw().toBuffer()
      expect([name, await outcomeOf(decoded), await outcomeOf(verify(png, maxPixels))]).toEqual([
        name,
        isWhole ? 'whole' : undefined,
        expected
      ])
    }
  })

  it.each([false, true])('takes png of every size and depth, interlaced: %s', async (progressive) => {
    for (let width = 1; width <= 9; width++) {
      for (let height = 1; height <= 9; height++) {
        const image = await pattern(width, height, 3).png({ progressive }).toBuffer()
        expect(await verify(image, maxPixels)).toMatchObject({ width, height })
        // Its last byte of pixels is asked for.
        const { packed, head } = apart(image)
        const short = pngOf(head, pngChunk('IDAT', deflateSync(inflateSync(packed).subarray(1))))
        expect([width, height, await outcomeOf(verify(short, maxPixels))]).toEqual([width, height, 'damaged'])
      }
    }
    for (const colours of [2, 4, 16]) {
      const image = await pattern(9, 7, 3).png({ progressive, palette: true, colours, dither: 0 }).toBuffer()
      expect(await verify(image, maxPixels)).toMatchObject({ width: 9, height: 7 })
    }
    expect(await verify(png16({ width: 3, height: 5, value: 9, alpha: 9 }), maxPixels)).toMatchObject({ height: 5 })
  })

  it('looks at the beginning of a large png, and at whether it can be all', async () => {
    const size = { width: 400, height: 300 }
    const rowsOf = (pixels: Buffer) => pngOf(ihdr(size), pngChunk('IDAT', pixels))
    const noise = randomBytes(300 * (1 + 400 * 3))
    for (let at = 0; at < noise.length; at += 1 + 400 * 3) noise[at] = 0
    const flat = Buffer.alloc(noise.length)
    for (const pixels of [noise, flat]) {
      expect(await verify(rowsOf(deflateSync(pixels)), maxPixels)).toMatchObject(size)
      expect(await verify(rowsOf(deflateSync(pixels, { level: 0 })), maxPixels)).toMatchObject(size)
      // That is what it is spared: whoever shows it finds that out.
      const packed = deflateSync(pixels, { level: 0 })
      packed[packed.length - 1] = (packed.at(-1) ?? 0) ^ 1
      expect(await verify(rowsOf(packed), maxPixels)).toMatchObject(size)
    }
    for (const packed of [
      noise,
      deflateSync(noise.map((byte) => byte & 15)).fill(0x55, 9, 200),
      Buffer.alloc(300),
      deflateSync(noise.subarray(0, 200)),
      deflateSync(flat.subarray(0, 50_000))
    ]) {
      expect(await outcomeOf(verify(rowsOf(packed), maxPixels))).toBe('damaged')
    }
  })

  it('unpacks no more of a png than its beginning, whatever becomes of it', async () => {
    const bomb = pngOf(ihdr({ width: 30_000, height: 30_000 }), pngChunk('IDAT', deflateSync(Buffer.alloc(9_000_000))))
    const facts = await inspectSource(bomb, Infinity)
    expect(await outcomeOf(verifyPixels(bomb, facts))).toBe('damaged')
    const small = pngOf(ihdr(), pngChunk('IDAT', deflateSync(Buffer.alloc(9_000_000))))
    expect(await verify(small, maxPixels)).toMatchObject({ width: 2 })
  })

  it('never hands to the decoder what is no png, jpeg or webp, or is too large', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    await expect(verify(svg, maxPixels)).rejects.toMatchObject({ reason: 'unsupported_type' })
    await expect(verify(Buffer.alloc(0), maxPixels)).rejects.toMatchObject({ reason: 'empty' })
    const image = await pattern(9, 7, 3).png().toBuffer()
    await expect(verify(image, 62)).rejects.toMatchObject({ reason: 'too_many_pixels' })
    expect(await verify(image, 63)).toMatchObject({ width: 9, height: 7 })
  })
})
