import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  animatedWebp,
  exifBlock,
  inspect,
  pattern,
  rejection,
  riff,
  vp8x,
  webpChunk
} from '../../tests/support/test-images.ts'

/** The chunk 'VP8 ' or VP8L of a 9×7 picture. */
let lossy: Buffer
let lossless: Buffer
beforeAll(async () => {
  const header = 12
  lossy = (await pattern(9, 7, 3).webp().toBuffer()).subarray(header)
  lossless = (await pattern(9, 7, 4).webp({ lossless: true }).toBuffer()).subarray(header)
})

describe('a webp', () => {
  it('is told by its picture', () => {
    const told = {
      mediaType: 'image/webp',
      width: 9,
      height: 7,
      bitDepth: 8,
      animated: false,
      orientation: 1,
      colour: 'rgb'
    }
    expect(inspect(riff(lossy))).toEqual({ ...told, hasAlpha: false })
    expect(inspect(riff(lossless))).toEqual({ ...told, hasAlpha: true })
  })

  it('has the alpha that the decoder sees, whichever chunk tells of it', async () => {
    const opaque = (await pattern(9, 7, 3).webp({ lossless: true }).toBuffer()).subarray(12)
    const canvas = { width: 9, height: 7 }
    const files = [
      riff(lossy),
      riff(lossless),
      riff(opaque),
      riff(vp8x({ ...canvas, flags: 0x10 }), lossy),
      riff(vp8x(canvas), lossless),
      riff(vp8x({ ...canvas, flags: 0x10 }), opaque),
      await pattern(9, 7, 4).webp().toBuffer()
    ]
    for (const [index, file] of files.entries()) {
      expect(inspect(file).hasAlpha, `file ${index}`).toBe((await sharp(file).metadata()).hasAlpha)
    }
  })

  it('gives its orientation by EXIF behind the picture', () => {
    const canvas = vp8x({ width: 9, height: 7, flags: 0x08 })
    expect(inspect(riff(canvas, lossy, webpChunk('EXIF', exifBlock(8)))).orientation).toBe(8)
  })

  it('may end without padding if its header does not count it', () => {
    const padded = riff(lossy, webpChunk('abcd', Buffer.alloc(3)))
    expect(inspect(padded)).toMatchObject({ width: 9 })
    expect(rejection(padded.subarray(0, -1))).toBe('damaged')
    const unpadded = Buffer.from(padded.subarray(0, -1))
    unpadded.writeUInt32LE(padded.length - 1 - 8, 4)
    expect(inspect(unpadded)).toMatchObject({ width: 9 })
  })

  it('with frames is animated', async () => {
    expect(rejection(await animatedWebp())).toBe('animated')
    expect(rejection(riff(vp8x({ width: 9, height: 7, flags: 0x02 })))).toBe('animated')
    expect(rejection(riff(vp8x({ width: 9, height: 7 }), webpChunk('ANIM', Buffer.alloc(6))))).toBe('animated')
  })

  it('is refused by the pixels of its header, before anything else arrives', () => {
    const bomb = riff(vp8x({ width: 60_000, height: 60_000 }), Buffer.alloc(100))
    expect(rejection(bomb.subarray(0, 30))).toBe('too_many_pixels')
    expect(rejection(riff(lossy).subarray(0, 30), 62)).toBe('too_many_pixels')
    expect(rejection(riff(lossless).subarray(0, 25), 62)).toBe('too_many_pixels')
    expect(rejection(riff(lossy), 63)).toBeUndefined()
  })

  it('whose length and chunks do not agree is damaged', () => {
    for (const length of [0, 4, 8, 12, 20, 40]) {
      const file = riff(lossy)
      file.writeUInt32LE(length, 4)
      expect(rejection(file), `length ${length}`).toBe('damaged')
    }
    for (const more of [1, 2, 7, 8, 1000]) {
      const file = riff(lossy)
      file.writeUInt32LE(file.length - 8 + more, 4)
      expect(rejection(file), `${more} more`).toBe('damaged')
    }
  })

  it.each(['lossy', 'lossless'])('that is %s and lacks its last bytes is damaged, be it one', (which) => {
    const file = riff(which === 'lossy' ? lossy : lossless)
    expect(inspect(file)).toMatchObject({ width: 9, height: 7 })
    for (let missing = 1; missing < file.length - 12; missing++) {
      expect(rejection(file.subarray(0, -missing)), `${missing} less`).toBe('damaged')
    }
  })

  it('with a wrong picture header is damaged', () => {
    const altered = (chunk: Buffer, at: number) => {
      const file = riff(chunk)
      file[20 + at]! ^= 0xe1
      return rejection(file)
    }
    expect(altered(lossy, 0)).toBe('damaged')
    expect(altered(lossy, 3)).toBe('damaged')
    expect(altered(lossless, 0)).toBe('damaged')
    expect(altered(lossless, 4)).toBe('damaged')
    expect(rejection(riff(webpChunk('VP8X', Buffer.alloc(4)), lossy))).toBe('damaged')
    expect(rejection(riff(webpChunk('VP8L', Buffer.from([0x2f]))))).toBe('damaged')
  })

  it('without a picture, or with one of another size than its canvas, is damaged', () => {
    expect(rejection(riff(vp8x({ width: 9, height: 7 })))).toBe('damaged')
    expect(rejection(riff(webpChunk('abcd', Buffer.alloc(20))))).toBe('damaged')
    expect(rejection(riff(vp8x({ width: 10, height: 7 }), lossy))).toBe('damaged')
  })
})
