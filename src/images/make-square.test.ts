import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { makeSquare } from './make-square.ts'

const LIMITS = { side: 256, maxPixels: 1_000_000 }
const blank = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 4, background: { r: 200, g: 30, b: 30, alpha: 0.5 } } })

describe('makeSquare', () => {
  it.each([
    [1000, 1000, 'png'],
    [1000, 40, 'webp'],
    [3, 700, 'png'],
    [1, 1, 'webp']
  ] as const)('makes a square of %i × %i as %s, with what is transparent', async (width, height, format) => {
    const { data, info } = await sharp(await makeSquare(await blank(width, height).toFormat(format).toBuffer(), LIMITS))
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect([info.width, info.height, info.channels]).toEqual([256, 256, 4])
    expect(data[3]).toBeCloseTo(128, -1)
  })

  it('leaves no metadata, and stands upright', async () => {
    const original = await sharp({ create: { width: 60, height: 20, channels: 3, background: 'red' } })
      .withExif({ IFD0: { Copyright: 'somebody', Orientation: '6' } })
      .jpeg()
      .toBuffer()
    const { format, exif, orientation } = await sharp(await makeSquare(original, LIMITS)).metadata()
    expect([format, exif, orientation]).toEqual(['png', undefined, undefined])
  })

  it('takes as many pixels as are allowed and not one more', async () => {
    const limits = { side: 16, maxPixels: 200 }
    await makeSquare(await blank(20, 10).png().toBuffer(), limits)
    await expect(makeSquare(await blank(201, 1).png().toBuffer(), limits)).rejects.toMatchObject({
      reason: 'too_many_pixels'
    })
  })

  it.each([
    ['<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'unsupported_type'],
    ['GIF89a', 'unsupported_type'],
    ['hello', 'not_an_image'],
    ['', 'empty']
  ])('refuses %j', async (text, reason) => {
    await expect(makeSquare(Buffer.from(text), LIMITS)).rejects.toMatchObject({ name: 'ImageRejected' })
    expect(reason).toBeTruthy()
  })
})
