import sharp from 'sharp'
import type { Size } from '../../src/images/image-request.ts'
import { plainPng } from './pictures.ts'

/** A source image of one colour, whose blue may be another. */
export const flatPng = (size: Size, blue = 200): Promise<Buffer> => plainPng(size, [20, 60, blue])

/** A mask of one channel, as engines get it: white, which is to change, on the left half, black on the right. */
export const leftHalfMask = (size: Size): Promise<Buffer> => {
  const row = Buffer.concat([Buffer.alloc(size.width / 2, 255), Buffer.alloc(size.width / 2, 0)])
  return sharp(Buffer.concat(Array<Buffer>(size.height).fill(row)), { raw: { ...size, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer()
}

/** Source images as a task names them. */
export const inputsOf = (names: readonly string[], size: Size) =>
  names.map((name) => ({ name, mediaType: 'image/png', ...size }))
