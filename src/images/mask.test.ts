import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { inspect, pattern, png16 } from '../../tests/support/test-images.ts'
import {
  canonicalMask,
  decodeWhiteOnBlackPng,
  encodeAlphaPng,
  encodeWhiteOnBlackPng,
  maskFromOwnAlpha
} from './mask.ts'

/** An RGBA image of red pixels with the alpha values given, row by row. */
const withAlpha = (width: number, alphas: number[]) =>
  sharp(Buffer.from(alphas.flatMap((alpha) => [255, 0, 0, alpha])), {
    raw: { width, height: alphas.length / width, channels: 4 }
  })

const channelsOf = async (bytes: Buffer) => {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true })
  return { pixels: [...data], channels: info.channels }
}

describe('canonicalMask', () => {
  it('says change (255) where the alpha is 0, keep (0) where it is 255, and keeps soft edges', async () => {
    const mask = await withAlpha(3, [0, 255, 128, 1, 254, 64]).png().toBuffer()
    const canonical = await canonicalMask({ mask, size: { width: 3, height: 2 } })
    expect(canonical).toMatchObject({ width: 3, height: 2 })
    expect([...canonical.pixels]).toEqual([255, 0, 127, 254, 1, 191])
  })

  it('looks at alpha alone, whatever colour lies under it', async () => {
    const white = sharp({
      create: { width: 2, height: 2, channels: 4, background: { r: 255, g: 255, b: 255, alpha: 1 } }
    })
    const { pixels } = await canonicalMask({ mask: await white.png().toBuffer(), size: { width: 2, height: 2 } })
    expect([...pixels]).toEqual([0, 0, 0, 0])
  })

  it('reads webp, gray with alpha, palettes and 16 bits', async () => {
    const alphas = [0, 255, 255, 0]
    const size = { width: 2, height: 2 }
    const masks = [
      await withAlpha(2, alphas).webp({ lossless: true }).toBuffer(),
      await withAlpha(2, alphas).webp({ quality: 100 }).toBuffer(),
      await withAlpha(2, alphas).toColourspace('b-w').png().toBuffer(),
      await withAlpha(2, alphas).png({ palette: true }).toBuffer(),
      await withAlpha(2, alphas).toColourspace('rgb16').png().toBuffer()
    ]
    for (const [index, mask] of masks.entries()) {
      expect([...(await canonicalMask({ mask, size })).pixels], `mask ${index}`).toEqual([255, 0, 0, 255])
    }
    expect(inspect(masks[2]!).colour).toBe('gray')
    expect(inspect(masks[3]!).colour).toBe('palette')
    expect(inspect(masks[4]!).bitDepth).toBe(16)
    const opaque = png16({ width: 2, height: 2, value: 0, alpha: 0xffff })
    expect([...(await canonicalMask({ mask: opaque, size })).pixels]).toEqual([0, 0, 0, 0])
  })

  it('is turned upright as EXIF says', async () => {
    const mask = await withAlpha(2, [0, 255]).withMetadata({ orientation: 6 }).png().toBuffer()
    const canonical = await canonicalMask({ mask, size: { width: 1, height: 2 } })
    expect(canonical).toMatchObject({ width: 1, height: 2 })
    expect([...canonical.pixels]).toEqual([255, 0])
    await expect(canonicalMask({ mask, size: { width: 2, height: 1 } })).rejects.toMatchObject({ code: 'invalid_mask' })
  })

  it('refuses a mask without alpha, of another size, or that is no whole image', async () => {
    const size = { width: 2, height: 2 }
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const mask = await pattern(2, 2, 3).toFormat(format).toBuffer()
      await expect(canonicalMask({ mask, size })).rejects.toMatchObject({
        code: 'invalid_mask',
        param: 'mask',
        message: expect.stringContaining('alpha channel') as string
      })
    }
    const mask = await withAlpha(2, [0, 255, 0, 255]).png().toBuffer()
    await expect(canonicalMask({ mask, size: { width: 4, height: 4 } })).rejects.toMatchObject({
      code: 'invalid_mask',
      message: expect.stringMatching(/2x2.*4x4/) as string
    })
    await expect(canonicalMask({ mask: mask.subarray(0, -1), size })).rejects.toMatchObject({ reason: 'damaged' })
  })
})

describe('maskFromOwnAlpha', () => {
  it('says change (255) where the alpha is 0 and keep (0) where it is anything else', async () => {
    const alphas = [255, 0, 200, 1, 254, 0]
    const images = [
      await withAlpha(2, alphas).png().toBuffer(),
      await withAlpha(2, alphas).png({ palette: true }).toBuffer(),
      await withAlpha(2, alphas).webp({ lossless: true }).toBuffer()
    ]
    for (const image of images) {
      const mask = await maskFromOwnAlpha(image, 100)
      expect(mask).toMatchObject({ width: 2, height: 3 })
      expect([...mask!.pixels]).toEqual([0, 255, 0, 0, 0, 255])
    }
  })

  it('is none of an image without alpha 0, with or without an alpha channel', async () => {
    for (const alphas of [
      [255, 255],
      [1, 254]
    ]) {
      expect(await maskFromOwnAlpha(await withAlpha(2, alphas).png().toBuffer(), 100)).toBeUndefined()
    }
    expect(await maskFromOwnAlpha(await pattern(2, 2, 3).jpeg().toBuffer(), 100)).toBeUndefined()
  })

  it('keeps to the limit of pixels', async () => {
    const image = await withAlpha(2, [0, 0]).png().toBuffer()
    await expect(maskFromOwnAlpha(image, 1)).rejects.toMatchObject({ reason: 'too_many_pixels' })
  })
})

describe('an encoded mask', () => {
  const mask = { width: 3, height: 1, pixels: Buffer.from([255, 0, 100]) }

  it('is opaque grayscale with white = change for engines that read brightness', async () => {
    const bytes = await encodeWhiteOnBlackPng(mask)
    expect(inspect(bytes)).toMatchObject({ mediaType: 'image/png', colour: 'gray', bitDepth: 8, hasAlpha: false })
    expect([...(await sharp(bytes).toColourspace('b-w').raw().toBuffer())]).toEqual([255, 0, 100])
  })

  it('is transparent = change for engines that read alpha, and white = change without it', async () => {
    const bytes = await encodeAlphaPng(mask)
    expect(await channelsOf(bytes)).toEqual({
      channels: 4,
      pixels: [255, 255, 255, 0, 0, 0, 0, 255, 100, 100, 100, 155]
    })
  })

  it('comes back as it was, either way', async () => {
    const anyMask = fc
      .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
      .chain(([width, height]) =>
        fc
          .uint8Array({ minLength: width * height, maxLength: width * height })
          .map((pixels) => ({ width, height, pixels: Buffer.from(pixels) }))
      )
    await fc.assert(
      fc.asyncProperty(anyMask, async (given) => {
        expect(await decodeWhiteOnBlackPng(await encodeWhiteOnBlackPng(given))).toEqual(given)
        expect(await canonicalMask({ mask: await encodeAlphaPng(given), size: given })).toEqual(given)
      }),
      { numRuns: 40 }
    )
  })

  it('of any image says change for what is transparent, exactly as much as it is', async () => {
    const anyPixels = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
      .chain(([width, height]) =>
        fc.record({
          width: fc.constant(width),
          rgba: fc.uint8Array({ minLength: width * height * 4, maxLength: width * height * 4 })
        })
      )
    await fc.assert(
      fc.asyncProperty(anyPixels, async ({ width, rgba }) => {
        const size = { width, height: rgba.length / 4 / width }
        const png = await sharp(Buffer.from(rgba), { raw: { ...size, channels: 4 } })
          .png()
          .toBuffer()
        const wanted = [...rgba].filter((_, index) => index % 4 === 3).map((alpha) => 255 - alpha)
        expect([...(await canonicalMask({ mask: png, size })).pixels]).toEqual(wanted)
        const own = await maskFromOwnAlpha(png, 100)
        const full = wanted.map((change) => (change === 255 ? 255 : 0))
        expect(own && [...own.pixels]).toEqual(full.includes(255) ? full : undefined)
      }),
      { numRuns: 60 }
    )
  })

  it('of all 256 values comes back as it was', async () => {
    const given = { width: 16, height: 16, pixels: Buffer.from(Array.from({ length: 256 }, (_, index) => index)) }
    expect(await decodeWhiteOnBlackPng(await encodeWhiteOnBlackPng(given))).toEqual(given)
  })

  it('is read from colours too: white = change', async () => {
    const rgb = await sharp(Buffer.from([255, 255, 255, 0, 0, 0]), { raw: { width: 2, height: 1, channels: 3 } })
      .png()
      .toBuffer()
    expect([...(await decodeWhiteOnBlackPng(rgb)).pixels]).toEqual([255, 0])
  })
})
