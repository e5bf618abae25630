import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  EXIF_PREFIX,
  exifBlock,
  idat,
  ihdr,
  inspect,
  pattern,
  PNG_SIGNATURE,
  png16,
  pngChunk,
  pngOf,
  rejection
} from '../../tests/support/test-images.ts'

const palette = pngChunk('PLTE', Buffer.alloc(6))

describe('a png', () => {
  it('is told by its header', () => {
    const told = (header: Parameters<typeof ihdr>[0], ...chunks: Buffer[]) => {
      const { colour, bitDepth, hasAlpha } = inspect(pngOf(ihdr(header), ...chunks, idat()))
      return [colour, bitDepth, hasAlpha]
    }
    expect(told({ colourType: 0, bitDepth: 1 })).toEqual(['gray', 1, false])
    expect(told({ colourType: 0, bitDepth: 16 })).toEqual(['gray', 16, false])
    expect(told({ colourType: 2, bitDepth: 16 })).toEqual(['rgb', 16, false])
    expect(told({ colourType: 3, bitDepth: 4 }, palette)).toEqual(['palette', 4, false])
    expect(told({ colourType: 4 })).toEqual(['gray', 8, true])
    expect(told({ colourType: 6 })).toEqual(['rgb', 8, true])
  })

  it('of 16 bits is taken, as the decoder reads it', async () => {
    const bytes = png16({ width: 3, height: 2, value: 40_000, alpha: 65_535 })
    expect(await sharp(bytes).metadata()).toMatchObject({ depth: 'ushort', channels: 4 })
    expect(inspect(bytes)).toMatchObject({ bitDepth: 16, hasAlpha: true, width: 3, height: 2 })
  })

  it('has alpha by a transparent colour before its pixels', () => {
    const transparent = pngChunk('tRNS', Buffer.alloc(6))
    expect(inspect(pngOf(ihdr(), transparent, idat())).hasAlpha).toBe(true)
    expect(inspect(pngOf(ihdr(), idat(), transparent)).hasAlpha).toBe(false)
  })

  it.each(['II', 'MM'] as const)('gives its orientation by EXIF in %s order, with and without prefix', (byteOrder) => {
    const exif = exifBlock(6, byteOrder)
    expect(inspect(pngOf(ihdr(), pngChunk('eXIf', exif), idat())).orientation).toBe(6)
    expect(inspect(pngOf(ihdr(), idat(), pngChunk('eXIf', Buffer.concat([EXIF_PREFIX, exif])))).orientation).toBe(6)
  })

  it('may have an EXIF chunk far beyond what is looked at', () => {
    const exif = Buffer.concat([exifBlock(3), Buffer.alloc(300_000)])
    expect(inspect(pngOf(ihdr(), pngChunk('eXIf', exif), idat())).orientation).toBe(3)
  })

  it('with acTL is animated', () => {
    const animation = pngChunk('acTL', Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]))
    expect(rejection(pngOf(ihdr(), animation, idat()))).toBe('animated')
  })

  it('with any single bit wrong is rejected', async () => {
    const bytes = await pattern(4, 3, 3).withMetadata({ orientation: 6 }).png().toBuffer()
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(rejection(flipped), `bit ${bit}`).toBeDefined()
    }
  })

  const wrong = {
    'no header': pngOf(idat()),
    'a header behind another chunk': pngOf(pngChunk('tEXt'), ihdr(), idat()),
    'a header of another length': pngOf(pngChunk('IHDR', Buffer.alloc(14)), idat()),
    'no pixels': pngOf(ihdr()),
    'no palette': pngOf(ihdr({ colourType: 3 }), idat()),
    'a palette behind its pixels': pngOf(ihdr({ colourType: 3 }), idat(), palette),
    'a colour type that does not exist': pngOf(ihdr({ colourType: 5 }), idat()),
    'a bit depth that does not exist': pngOf(ihdr({ colourType: 2, bitDepth: 4 }), idat()),
    'a critical chunk that nobody knows': pngOf(ihdr(), pngChunk('ABCD'), idat()),
    'a chunk name that is none': pngOf(ihdr(), pngChunk('a b1'), idat()),
    'no width': pngOf(ihdr({ width: 0 }), idat()),
    'no height': pngOf(ihdr({ height: 0 }), idat())
  }
  it.each(Object.entries(wrong))('with %s is damaged', (_, bytes) => {
    expect(rejection(bytes)).toBe('damaged')
  })

  it('may hold several IDAT chunks and ancillary ones that nobody knows', () => {
    const pixels = deflateSync(Buffer.alloc(14))
    const parts = [pixels.subarray(0, 5), pixels.subarray(5)].map((part) => pngChunk('IDAT', part))
    expect(inspect(pngOf(ihdr(), pngChunk('abCd', Buffer.from('x')), ...parts))).toMatchObject({ width: 2, height: 2 })
  })

  it('is refused by the pixels of its header, before anything else arrives', () => {
    const bomb = Buffer.concat([PNG_SIGNATURE, ihdr({ width: 60_000, height: 60_000 })])
    expect(rejection(bomb)).toBe('too_many_pixels')
    expect(rejection(pngOf(ihdr({ width: 10, height: 10 }), idat()), 99)).toBe('too_many_pixels')
    expect(rejection(pngOf(ihdr({ width: 10, height: 10 }), idat()), 100)).toBeUndefined()
  })

  it("in Apple's own format is named", () => {
    expect(() => inspect(pngOf(pngChunk('CgBI', Buffer.alloc(4)), ihdr(), idat()))).toThrow('Apple')
  })
})
