import sharp, { type Sharp } from 'sharp'
import { describe, expect, it } from 'vitest'
import { decodeUpright, inspectSource, type Scaling, scaleUpright } from './decode-image.ts'
import { orientedSize } from './image-facts.ts'
import { exifBlock, EXIF_TYPES, pattern, withExif, withOddScan } from '../../tests/support/test-images.ts'
import { verifyPixels } from './verify-pixels.ts'

const SIZE = { width: 9, height: 7 }
const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8]

const plainImages = async () => ({
  jpeg: await pattern(9, 7, 3).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
  png: await pattern(9, 7, 3).png().toBuffer(),
  webp: await pattern(9, 7, 3).webp({ lossless: true }).toBuffer()
})

const rawOf = async (image: Sharp) => {
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, pixels: data.toString('hex') }
}

const uprightOf = async (bytes: Buffer) => rawOf(decodeUpright(bytes, await inspectSource(bytes, 1000)))

/** What the decoder makes of the same picture when its orientation is written as the decoder itself writes it. */
async function expectedOf(image: Buffer, orientation: number) {
  const tagged = await sharp(image).withMetadata({ orientation }).png().toBuffer()
  return rawOf(sharp(tagged).autoOrient().toColourspace('srgb'))
}

describe('decodeUpright', () => {
  it.each(ORIENTATIONS)('stands an image of orientation %i upright, however that is written', async (orientation) => {
    for (const [format, image] of Object.entries(await plainImages())) {
      const expected = await expectedOf(image, orientation)
      for (const type of Object.keys(EXIF_TYPES) as (keyof typeof EXIF_TYPES)[]) {
        for (const order of ['II', 'MM'] as const) {
          const bytes = withExif(image, exifBlock(orientation, order, type), SIZE)
          const name = `${format} ${type} ${order}`
          expect(await uprightOf(bytes), name).toEqual(expected)
          const { width, height } = orientedSize(await inspectSource(bytes, 1000))
          expect({ width, height }, name).toEqual({ width: expected.width, height: expected.height })
        }
      }
    }
  })

  it('leaves an image as it lies when its orientation cannot be read', async () => {
    const { jpeg } = await plainImages()
    for (const block of [exifBlock(9, 'II', 'LONG'), exifBlock(0, 'MM', 'BYTE'), Buffer.from('no EXIF')]) {
      expect(await uprightOf(withExif(jpeg, block, SIZE))).toEqual(await uprightOf(jpeg))
    }
  })

  it.each([1, 3, 6, 7])('scales what has orientation %i to the size of the upright image', async (orientation) => {
    const large = await pattern(90, 60, 3).jpeg().toBuffer()
    const bytes = withExif(large, exifBlock(orientation), { width: 90, height: 60 })
    const facts = await inspectSource(bytes, 10_000)
    const scaled = async (scaling: Scaling) => {
      const { width, height } = await rawOf(await scaleUpright(bytes, facts, scaling))
      return [width, height]
    }
    expect(await scaled({ width: 30 })).toEqual(orientation >= 5 ? [30, 45] : [30, 20])
    expect(await scaled({ width: 20, height: 10, fit: 'cover' })).toEqual([20, 10])
    expect(await scaled({ width: 500, withoutEnlargement: true })).toEqual(orientation >= 5 ? [60, 90] : [90, 60])
  })

  it('passes over what decoders warn of: odd scan parameters, and bytes behind the end', async () => {
    const { jpeg, png, webp } = await plainImages()
    const odd = withOddScan(jpeg)
    expect(odd).not.toEqual(jpeg)
    await expect(sharp(odd).raw().toBuffer(), 'it is one that a stricter decoder refuses').rejects.toThrow()
    const trailing = Buffer.from('a video that a telephone appends')
    for (const image of [odd, ...[jpeg, png, webp].map((one) => Buffer.concat([one, trailing]))]) {
      const facts = await inspectSource(image, 1000)
      expect(facts).toMatchObject(SIZE)
      await verifyPixels(image, facts)
    }
  })
})
