import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { OUTPUT_FORMATS } from './media-types.ts'
import {
  EOI,
  idat,
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
import { normalizeForEngine, transcodeImage } from './transcode.ts'

const maxPixels = 1_000_000

const pixelsOf = (bytes: Buffer) => sharp(bytes).raw().toBuffer()

/** A 2×1 image: red, blue. Turned by an orientation, its pixels tell how. */
const redBlue = (orientation: number) =>
  sharp(Buffer.from([255, 0, 0, 0, 0, 255]), { raw: { width: 2, height: 1, channels: 3 } })
    .withMetadata({ orientation })
    .png()
    .toBuffer()

const transparentRed = () =>
  sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } } })
    .png()
    .toBuffer()

describe('transcodeImage', () => {
  it.each(OUTPUT_FORMATS)('makes %s of every kind of image', async (format) => {
    for (const [name, input] of Object.entries(await smallImages())) {
      const { orientation = 1 } = await sharp(input).metadata()
      const image = await transcodeImage({ input, format, maxPixels })
      const size = orientation >= 5 ? { width: 7, height: 9 } : { width: 9, height: 7 }
      expect(image, name).toMatchObject({ mediaType: `image/${format}`, ...size })
      expect(await sharp(image.bytes).metadata(), name).toMatchObject({
        format,
        ...size,
        space: 'srgb',
        depth: 'uchar'
      })
    }
  })

  it('turns the pixels as EXIF says, and drops the EXIF', async () => {
    const half = await transcodeImage({ input: await redBlue(3), format: 'png', maxPixels })
    expect([...(await pixelsOf(half.bytes))]).toEqual([0, 0, 255, 255, 0, 0])
    const quarter = await transcodeImage({ input: await redBlue(6), format: 'png', maxPixels })
    expect(quarter).toMatchObject({ width: 1, height: 2 })
    const { exif, orientation } = await sharp(quarter.bytes).metadata()
    expect([exif, orientation]).toEqual([undefined, undefined])
  })

  it('leaves no text, profile or EXIF of the input behind', async () => {
    const secret = pngChunk('tEXt', Buffer.from('parameters\0a secret prompt'))
    const exif = await pattern(9, 7, 3)
      .withExif({ IFD0: { ImageDescription: 'a secret prompt' } })
      .withIccProfile('p3')
      .png()
      .toBuffer()
    for (const input of [pngOf(ihdr(), secret, idat()), exif]) {
      expect(input.includes('a secret prompt')).toBe(true)
      for (const format of OUTPUT_FORMATS) {
        const { bytes } = await transcodeImage({ input, format, maxPixels })
        expect(bytes.includes('a secret prompt')).toBe(false)
        const { icc, exif: left, xmp, comments } = await sharp(bytes).metadata()
        expect([icc, left, xmp, comments]).toEqual([undefined, undefined, undefined, undefined])
      }
    }
  })

  it('makes 8-bit sRGB of 16 bits and of cmyk', async () => {
    const deep = await transcodeImage({
      input: png16({ width: 2, height: 2, value: 0x8000, alpha: 0xffff }),
      format: 'png',
      maxPixels
    })
    const pixels = await pixelsOf(deep.bytes)
    expect(pixels).toHaveLength(2 * 2 * 4)
    expect(pixels[0]).toBeGreaterThanOrEqual(127)
    expect(pixels[0]).toBeLessThanOrEqual(129)
    expect(pixels[3]).toBe(255)

    const green = { create: { width: 8, height: 8, channels: 3, background: '#20c040' } } as const
    const cmyk = await sharp(green).toColourspace('cmyk').jpeg().toBuffer()
    const [red, greenish, blue] = await pixelsOf((await normalizeForEngine(cmyk, maxPixels)).bytes)
    expect(greenish).toBeGreaterThan(150)
    expect(Math.max(red!, blue!)).toBeLessThan(130)
  })

  it('puts transparency on white for jpeg and for an opaque background, else keeps it', async () => {
    const input = await transparentRed()
    const jpeg = await transcodeImage({ input, format: 'jpeg', maxPixels })
    expect([...(await pixelsOf(jpeg.bytes)).subarray(0, 3)]).toEqual([255, 255, 255])
    const opaque = await transcodeImage({ input, format: 'png', background: 'opaque', maxPixels })
    expect([...(await pixelsOf(opaque.bytes)).subarray(0, 3)]).toEqual([255, 255, 255])
    expect((await sharp(opaque.bytes).metadata()).hasAlpha).toBe(false)
    for (const format of ['png', 'webp'] as const) {
      const kept = await transcodeImage({ input, format, background: 'transparent', maxPixels })
      expect((await pixelsOf(kept.bytes))[3]).toBe(0)
    }
  })

  it('puts 16-bit transparency on white too', async () => {
    const input = png16({ width: 4, height: 4, value: 0, alpha: 0 })
    const { bytes } = await transcodeImage({ input, format: 'jpeg', maxPixels })
    expect((await pixelsOf(bytes))[0]).toBe(255)
  })

  it.each(['jpeg', 'webp'] as const)('makes larger and better %s of more output_compression', async (format) => {
    const input = await pattern(64, 64, 3).png().toBuffer()
    const original = await pixelsOf(input)
    const encoded = async (compression?: number) => {
      const { bytes } = await transcodeImage({
        input,
        format,
        maxPixels,
        ...(compression === undefined ? {} : { compression })
      })
      const pixels = await pixelsOf(bytes)
      const error = pixels.reduce((sum, pixel, index) => sum + Math.abs(pixel - original[index]!), 0)
      return { bytes: bytes.length, error }
    }
    const [worst, middle, best, absent] = [await encoded(0), await encoded(50), await encoded(100), await encoded()]
    expect(worst.bytes).toBeLessThan(middle.bytes)
    expect(middle.bytes).toBeLessThan(best.bytes)
    expect(middle.error).toBeGreaterThan(best.error)
    expect(absent).toEqual(best)
  })

  it('reads a file too, and fails as the file system does when there is none', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'transcode-'))
    try {
      const path = join(directory, 'image')
      await writeFile(path, await redBlue(1))
      expect(await transcodeImage({ input: path, format: 'webp', maxPixels })).toMatchObject({ width: 2, height: 1 })
      const missing = transcodeImage({ input: join(directory, 'none'), format: 'webp', maxPixels })
      await expect(missing).rejects.toMatchObject({ code: 'ENOENT' })
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  it('says so when the image is too wide for the format', async () => {
    const input = await sharp({ create: { width: 16_384, height: 1, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    await expect(transcodeImage({ input, format: 'webp', maxPixels })).rejects.toMatchObject({ code: 'invalid_size' })
    expect(await transcodeImage({ input, format: 'jpeg', maxPixels })).toMatchObject({ width: 16_384 })
  })

  it('takes the longest sides that each format has', async () => {
    const wide = (width: number) =>
      sharp({ create: { width, height: 1, channels: 3, background: 'red' } })
        .png()
        .toBuffer()
    expect(await transcodeImage({ input: await wide(16_383), format: 'webp', maxPixels })).toMatchObject({
      width: 16_383
    })
    expect(await transcodeImage({ input: await wide(65_500), format: 'jpeg', maxPixels })).toMatchObject({
      width: 65_500
    })
  })
})

describe('normalizeForEngine', () => {
  it('makes three or four channels of everything, gray and palette included', async () => {
    for (const [name, input] of Object.entries(await smallImages())) {
      const { bytes, mediaType } = await normalizeForEngine(input, maxPixels)
      const { channels, hasAlpha, isPalette } = await sharp(bytes).metadata()
      expect([mediaType, channels, isPalette], name).toEqual(['image/png', hasAlpha ? 4 : 3, false])
    }
  })
})

it('makes nothing of what only decoding shows to be damaged', async () => {
  const half = deflateSync(Buffer.alloc(32 * (1 + 64 * 3)))
  const png = pngOf(ihdr({ width: 64, height: 64 }), pngChunk('IDAT', half))
  const jpeg = Buffer.concat([SOI, sof({ width: 64, height: 64 }), SCAN, EOI])
  const webp = Buffer.from(await pattern(64, 64, 3).webp({ lossless: true }).toBuffer()).fill(0x55, 60)
  for (const input of [png, jpeg, webp]) {
    await expect(transcodeImage({ input, format: 'png', maxPixels })).rejects.toMatchObject({ reason: 'damaged' })
  }
})
