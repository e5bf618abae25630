import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { pattern, PNG_SIGNATURE, ihdr, pngChunk } from '../../tests/support/test-images.ts'
import { makePreview, PREVIEW_LIMITS } from './make-preview.ts'

const MAX_PIXELS = 20_000_000
/** What no encoder makes small. */
const noise = (width: number, height: number) =>
  sharp({
    create: { width, height, channels: 3, background: 'gray', noise: { type: 'gaussian', mean: 128, sigma: 80 } }
  })
const sizeOf = async (bytes: Buffer) => {
  const { width, height, format } = await sharp(bytes).metadata()
  return { width, height, format }
}

describe('a preview', () => {
  it('within bounds is shown as it is, but for what was written into it', async () => {
    const plain = await pattern(64, 48, 3).png().toBuffer()
    const headEnd = PNG_SIGNATURE.length + ihdr().length
    const words = pngChunk('tEXt', Buffer.from('parameters\0a fox'))
    const told = Buffer.concat([plain.subarray(0, headEnd), words, plain.subarray(headEnd)])
    expect(await makePreview(plain, MAX_PIXELS)).toEqual({ bytes: plain, mediaType: 'image/png' })
    expect(await makePreview(told, MAX_PIXELS)).toEqual({ bytes: plain, mediaType: 'image/png' })
  })

  it.each([
    ['of many bytes', 700, 500, { width: 700, height: 500 }],
    ['of a whole image', 1536, 1024, { width: 768, height: 512 }],
    ['that is very high', 100, 3000, { width: 25, height: 750 }],
    ['that is very wide', 4096, 8, { width: 768, height: 2 }]
  ])('%s is made small enough to be shown', async (_what, width, height, size) => {
    const made = await makePreview(await noise(width, height).png().toBuffer(), MAX_PIXELS)
    expect(made!.bytes.length).toBeLessThanOrEqual(PREVIEW_LIMITS.maxBytes)
    expect(await sizeOf(made!.bytes)).toEqual({ ...size, format: 'jpeg' })
  })

  it('of exactly the pixels that are shown stays, and of a few more does not', async () => {
    const plain = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: 'red' } })
        .png()
        .toBuffer()
    const whole = await plain(1024, 1024)
    expect((await makePreview(whole, MAX_PIXELS))!.bytes).toBe(whole)
    expect(await sizeOf((await makePreview(await plain(1025, 1024), MAX_PIXELS))!.bytes)).toMatchObject({ width: 768 })
    const long = await plain(2048, 4)
    expect((await makePreview(long, MAX_PIXELS))!.bytes).toBe(long)
    expect(await sizeOf((await makePreview(await plain(2049, 4), MAX_PIXELS))!.bytes)).toMatchObject({ width: 768 })
  })

  it('is none of what is no image, is cut off, or has more pixels than are decoded', async () => {
    const image = await noise(700, 500).png().toBuffer()
    for (const bytes of [Buffer.from('no image'), Buffer.alloc(0), image.subarray(0, 300_000)]) {
      expect(await makePreview(bytes, MAX_PIXELS)).toBeUndefined()
    }
    expect(await makePreview(image, 699 * 500)).toBeUndefined()
  })
})
