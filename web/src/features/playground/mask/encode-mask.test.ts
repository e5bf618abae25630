import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { encodeMask } from './encode-mask.ts'

describe('encodeMask', () => {
  it('makes a png of the exact size that is transparent where the image shall change', async () => {
    // More rows than are encoded at a time.
    const size = { width: 5, height: 300 }
    const pixels = Uint8Array.from({ length: 1500 }, (_, index) => (index % 7 === 0 ? 1 : 0))
    const png = Buffer.from(await (await encodeMask(pixels, size)).arrayBuffer())
    const image = sharp(png)
    expect(await image.metadata()).toMatchObject({
      ...size,
      format: 'png',
      channels: 4,
      hasAlpha: true,
      depth: 'uchar'
    })
    const rgba = await image.raw().toBuffer()
    for (const [index, pixel] of pixels.entries()) {
      const expected = pixel === 1 ? [255, 255, 255, 0] : [0, 0, 0, 255]
      expect([...rgba.subarray(index * 4, index * 4 + 4)]).toEqual(expected)
    }
  })

  it('encodes the same mask to the same bytes, so that a call sent again means the same', async () => {
    const [one, two] = await Promise.all(
      [1, 2].map(() => encodeMask(new Uint8Array(64).fill(1, 10, 30), { width: 8, height: 8 }))
    )
    expect(await one?.arrayBuffer()).toEqual(await two?.arrayBuffer())
  })
})
