import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  EOI,
  EXIF_PREFIX,
  exifBlock,
  inspect,
  jpegSegment,
  pattern,
  rejection,
  SCAN,
  sof,
  SOI
} from '../../tests/support/test-images.ts'

const jpegOf = (...parts: Buffer[]) => Buffer.concat([SOI, ...parts, EOI])
const exifSegment = (block: Buffer) => jpegSegment(0xe1, Buffer.concat([EXIF_PREFIX, block]))

describe('a jpeg', () => {
  it('is told by its frame header', () => {
    expect(inspect(jpegOf(sof({ width: 300, height: 200 }), SCAN))).toEqual({
      mediaType: 'image/jpeg',
      width: 300,
      height: 200,
      hasAlpha: false,
      bitDepth: 8,
      animated: false,
      orientation: 1,
      colour: 'rgb'
    })
    expect(inspect(jpegOf(sof({ components: 1 }), SCAN)).colour).toBe('gray')
  })

  it('of four inks is cmyk, as the decoder says', async () => {
    const bytes = await pattern(8, 8, 3).toColourspace('cmyk').jpeg().toBuffer()
    expect((await sharp(bytes).metadata()).space).toBe('cmyk')
    expect(inspect(bytes).colour).toBe('cmyk')
  })

  it('may have many scans, tables between them, fill bytes and stray bytes between segments', () => {
    const tables = jpegSegment(0xc4, Buffer.alloc(20))
    const fill = Buffer.from([0xff, 0xff])
    const bytes = jpegOf(tables, Buffer.from([0, 0]), fill, sof({ marker: 0xc2 }), tables, SCAN, tables, SCAN, SCAN)
    expect(inspect(bytes)).toMatchObject({ width: 2, height: 2 })
  })

  it('is not ended by the preview in its EXIF segment', () => {
    const preview = jpegOf(sof({ width: 1, height: 1 }), SCAN)
    const bytes = jpegOf(exifSegment(Buffer.concat([exifBlock(5, 'MM'), preview])), sof(), SCAN)
    expect(inspect(bytes)).toMatchObject({ width: 2, height: 2, orientation: 5 })
    expect(rejection(bytes.subarray(0, -2))).toBe('damaged')
  })

  it('takes its orientation from EXIF, not from XMP in a segment of the same kind', () => {
    const xmp = jpegSegment(0xe1, Buffer.from('http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>'))
    expect(inspect(jpegOf(xmp, exifSegment(exifBlock(7)), sof(), SCAN)).orientation).toBe(7)
  })

  it('with broken EXIF stands upright', () => {
    const blocks = [
      exifBlock(0),
      exifBlock(9),
      exifBlock(6).subarray(0, 15),
      Buffer.from('II*\0\xff\xff\xff\xff', 'latin1'),
      Buffer.alloc(0)
    ]
    for (const block of blocks) expect(inspect(jpegOf(exifSegment(block), sof(), SCAN)).orientation).toBe(1)
  })

  const wrong = {
    'no frame header': jpegOf(SCAN),
    'no scan': jpegOf(sof()),
    'nothing at all': jpegOf(),
    'two frame headers': jpegOf(sof(), sof(), SCAN),
    'a second start': jpegOf(SOI, sof(), SCAN),
    'no end': jpegOf(sof(), SCAN).subarray(0, -2),
    'a frame header of another length': jpegOf(jpegSegment(0xc0, Buffer.from([8, 0, 2, 0, 2, 3, 0])), SCAN),
    'a frame header cut short': jpegOf(jpegSegment(0xc0, Buffer.from([8, 0])), SCAN),
    'two colours': jpegOf(sof({ components: 2 }), SCAN),
    'a segment without length': jpegOf(Buffer.from([0xff, 0xe0, 0, 1]), sof(), SCAN),
    'a reserved marker': jpegOf(Buffer.from([0xff, 0x02]), sof(), SCAN),
    'no width': jpegOf(sof({ width: 0 }), SCAN),
    'no height': jpegOf(sof({ height: 0 }), SCAN)
  }
  it.each(Object.entries(wrong))('with %s is damaged', (_, bytes) => {
    expect(rejection(bytes)).toBe('damaged')
  })

  const unusual = {
    lossless: sof({ marker: 0xc3 }),
    arithmetic: sof({ marker: 0xc9 }),
    'JPEG-LS': sof({ marker: 0xf7 }),
    '12 bits': sof({ precision: 12 })
  }
  it.each(Object.entries(unusual))('coded as %s is of an unsupported type', (_, frame) => {
    expect(rejection(jpegOf(frame, SCAN))).toBe('unsupported_type')
  })

  it('is refused by the pixels of its header, before anything else arrives', () => {
    expect(rejection(Buffer.concat([SOI, sof({ width: 60_000, height: 60_000 })]))).toBe('too_many_pixels')
  })
})
