import sharp from 'sharp'
import type { Size } from '../../src/images/image-request.ts'
import { pixelAt, readPixels } from './fake-openai-pictures.ts'

export type Colour = readonly [red: number, green: number, blue: number]

/** A picture of one colour, raw RGBA behind it, for `toFormat`, `toBuffer` and so on. */
export const plain = ({ width, height }: Size, [r, g, b]: Colour, alpha = 1) =>
  sharp({ create: { width, height, channels: 4, background: { r, g, b, alpha } } })

export const plainPng = (size: Size, colour: Colour): Promise<Buffer> =>
  plain(size, colour).removeAlpha().png().toBuffer()

/** An RGBA png in one colour whose left half is transparent: as a mask, it says to change the left half. */
export const leftHalfTransparent = ({ width, height }: Size, colour: Colour = [0, 0, 0]): Promise<Buffer> => {
  const pixels = Buffer.alloc(width * height * 4)
  for (let at = 0; at < pixels.length; at += 4) pixels.set([...colour, (at / 4) % width < width / 2 ? 0 : 255], at)
  return sharp(pixels, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer()
}

/** Decoded RGB, alpha dropped. */
export async function decode(image: Uint8Array) {
  const pixels = await readPixels(image)
  const { width, height } = pixels
  return {
    width,
    height,
    at: (x: number, y: number) => pixelAt(pixels, x, y),
    /** How much of the columns `from` … `to` − 1 has exactly this colour, 0 … 1. The last row is left out. */
    share: (colour: Colour, { from = 0, to = width }: { from?: number; to?: number } = {}): number => {
      let same = 0
      for (let y = 0; y < height - 1; y++) {
        for (let x = from; x < to; x++) {
          if (pixelAt(pixels, x, y).every((value, band) => value === colour[band])) same += 1
        }
      }
      return same / ((to - from) * (height - 1))
    }
  }
}
