import { Readable } from 'node:stream'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { makeThumbnail, type Thumbnailing } from './make-thumbnail.ts'
import { OUTPUT_FORMATS } from './media-types.ts'
import { xmpOfSourceType } from './metadata/source-type.ts'
import {
  animatedWebp,
  idat,
  ihdr,
  pattern,
  png16,
  pngChunk,
  pngOf,
  smallImages
} from '../../tests/support/test-images.ts'

const maxPixels = 1_000_000
const HERE = new AbortController().signal

const thumbnailOf = (image: Buffer, options: Partial<Thumbnailing> = {}) =>
  makeThumbnail({ original: Readable.from([image]), maxPixels, format: 'png', signal: HERE, ...options })

const TRAINED = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia'
const CLEAR_RED = { r: 255, g: 0, b: 0, alpha: 0 }

const plain = (width: number, height: number, background: string | typeof CLEAR_RED = 'red') =>
  sharp({ create: { width, height, channels: 4, background } })

const pixelsOf = (bytes: Buffer) => sharp(bytes).raw().toBuffer()

describe('makeThumbnail', () => {
  it.each(OUTPUT_FORMATS)('makes %s of every kind of image', async (format) => {
    for (const [name, image] of Object.entries(await smallImages())) {
      const { orientation = 1 } = await sharp(image).metadata()
      const [width, height] = orientation >= 5 ? [4, 5] : [4, 3]
      const thumbnail = await thumbnailOf(image, { format, width: 4 })
      expect(thumbnail, name).toMatchObject({ mediaType: `image/${format}`, width, height })
      const facts = await sharp(thumbnail.bytes).metadata()
      expect(facts, name).toMatchObject({ format, width, height, space: 'srgb', depth: 'uchar' })
    }
  })

  it('keeps the proportions, and at least one row', async () => {
    const sizeAt = async (image: Buffer, width: number) => {
      const { width: w, height: h } = await thumbnailOf(image, { width })
      return [w, h]
    }
    const wide = await plain(300, 200).png().toBuffer()
    expect(await sizeAt(wide, 64)).toEqual([64, 43])
    expect(await sizeAt(wide, 299)).toEqual([299, 199])
    expect(await sizeAt(await plain(300, 1).png().toBuffer(), 64)).toEqual([64, 1])
    expect(await sizeAt(await plain(10, 300).png().toBuffer(), 5)).toEqual([5, 150])
  })

  it('never enlarges', async () => {
    const image = await plain(30, 20).png().toBuffer()
    for (const width of [30, 31, 64, 2048, undefined]) {
      const thumbnail = await thumbnailOf(image, width === undefined ? {} : { width })
      expect(thumbnail).toMatchObject({ width: 30, height: 20 })
    }
  })

  it('measures the width of the image as it stands upright, and drops the EXIF that says so', async () => {
    const top = await plain(40, 10, 'blue').png().toBuffer()
    const image = await plain(40, 20)
      .composite([{ input: top, top: 0, left: 0 }])
      .removeAlpha()
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer()
    const { bytes, width, height } = await thumbnailOf(image, { width: 10 })
    expect([width, height]).toEqual([10, 20])
    // A quarter clockwise: what was above is on the right.
    const pixels = await pixelsOf(bytes)
    expect([...pixels.subarray(0, 3)]).toEqual([255, 0, 0])
    expect([...pixels.subarray(27, 30)]).toEqual([0, 0, 255])
    const { exif, orientation } = await sharp(bytes).metadata()
    expect([exif, orientation]).toEqual([undefined, undefined])
  })

  it('leaves no text, profile or EXIF of the original behind', async () => {
    const text = pngOf(ihdr(), pngChunk('tEXt', Buffer.from('parameters\0a secret prompt')), idat())
    const exif = await pattern(9, 7, 3)
      .withExif({ IFD0: { ImageDescription: 'a secret prompt' } })
      .withIccProfile('p3')
      .png()
      .toBuffer()
    for (const image of [text, exif]) {
      expect(image.includes('a secret prompt')).toBe(true)
      for (const format of OUTPUT_FORMATS) {
        const { bytes } = await thumbnailOf(image, { format, width: 4 })
        expect(bytes.includes('a secret prompt')).toBe(false)
        const { icc, exif: left, xmp, comments } = await sharp(bytes).metadata()
        expect([icc, left, xmp, comments]).toEqual([undefined, undefined, undefined, undefined])
      }
    }
  })

  it.each(OUTPUT_FORMATS)(
    'says in %s how the original came about, if that says so, and nothing else',
    async (format) => {
      const packet = xmpOfSourceType(TRAINED).replace('rdf:about=""', 'rdf:about="" dc:title="a secret prompt"')
      const originals = await Promise.all(
        OUTPUT_FORMATS.map((from) => plain(20, 10).withXmp(packet).toFormat(from).toBuffer())
      )
      for (const image of originals) {
        for (const width of [{ width: 4 }, {}]) {
          const { bytes } = await thumbnailOf(image, { format, ...width })
          expect((await sharp(bytes).metadata()).xmp?.toString()).toBe(xmpOfSourceType(TRAINED))
          expect(bytes.includes('a secret prompt')).toBe(false)
        }
      }
    }
  )

  it('puts transparency on white for jpeg, else keeps it', async () => {
    const clear = await plain(40, 40, CLEAR_RED).png().toBuffer()
    const deep = png16({ width: 40, height: 4, value: 0, alpha: 0 })
    for (const image of [clear, deep]) {
      const jpeg = await thumbnailOf(image, { format: 'jpeg', width: 20 })
      expect([...(await pixelsOf(jpeg.bytes)).subarray(0, 3)]).toEqual([255, 255, 255])
      for (const format of ['png', 'webp'] as const) {
        expect((await pixelsOf((await thumbnailOf(image, { format, width: 20 })).bytes))[3]).toBe(0)
      }
    }
  })

  it('lets no colour of transparent pixels bleed into others', async () => {
    const green = await plain(10, 20, '#00ff00').png().toBuffer()
    const image = await plain(20, 20, CLEAR_RED)
      .composite([{ input: green, top: 0, left: 10 }])
      .png()
      .toBuffer()
    const pixels = await pixelsOf((await thumbnailOf(image, { width: 7 })).bytes)
    for (let at = 0; at < pixels.length; at += 4) {
      if ((pixels[at + 3] ?? 0) > 8) expect([pixels[at], pixels[at + 1]]).toEqual([0, 255])
    }
  })

  it('decodes no more pixels than it may', async () => {
    const image = await plain(100, 100).png().toBuffer()
    await expect(thumbnailOf(image, { width: 16, maxPixels: 9999 })).rejects.toMatchObject({
      reason: 'too_many_pixels'
    })
    expect(await thumbnailOf(image, { width: 16, maxPixels: 10_000 })).toMatchObject({ width: 16 })
    const bomb = pngOf(ihdr({ width: 60_000, height: 60_000 }), idat())
    await expect(thumbnailOf(bomb, { width: 16 })).rejects.toMatchObject({ reason: 'too_many_pixels' })
  })

  it('rejects what is no image that is taken, or not whole', async () => {
    const png = await pattern(64, 64, 3).png().toBuffer()
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="24"/>')
    await expect(thumbnailOf(Buffer.alloc(0))).rejects.toMatchObject({ reason: 'empty' })
    await expect(thumbnailOf(svg)).rejects.toMatchObject({ reason: 'unsupported_type' })
    await expect(thumbnailOf(await animatedWebp())).rejects.toMatchObject({ reason: 'animated' })
    await expect(thumbnailOf(png.subarray(0, 600))).rejects.toMatchObject({ reason: 'damaged' })
    await expect(thumbnailOf(pngOf(ihdr({ width: 64, height: 64 }), idat()))).rejects.toMatchObject({
      reason: 'damaged'
    })
  })

  it('says so when the format cannot hold the result', async () => {
    const tall = await plain(40, 20_000).png().toBuffer()
    await expect(thumbnailOf(tall, { format: 'webp' })).rejects.toMatchObject({ code: 'invalid_size', param: 'format' })
    // What is scaled down fits.
    expect(await thumbnailOf(tall, { format: 'webp', width: 16 })).toMatchObject({ width: 16, height: 8000 })
  })

  it('fails as the original fails', async () => {
    const failing = Readable.from(
      (async function* () {
        yield (await plain(40, 20).png().toBuffer()).subarray(0, 20)
        throw new Error('the disk is gone')
      })()
    )
    await expect(makeThumbnail({ original: failing, maxPixels, format: 'png', signal: HERE })).rejects.toThrow(
      'the disk is gone'
    )
  })

  it('is a little smaller in quality than the whole image', async () => {
    const image = await pattern(64, 64, 3).png().toBuffer()
    for (const format of ['jpeg', 'webp'] as const) {
      const whole = await thumbnailOf(image, { format })
      const small = await thumbnailOf(image, { format, width: 64 })
      expect(small.bytes.length).toBeLessThan(whole.bytes.length)
    }
  })
})
