import { createHash } from 'node:crypto'
import sharp from 'sharp'
import type { Size } from '../../src/images/image-request.ts'

/** What a mask's changed area is painted with. */
export const CHANGE_COLOUR = [255, 0, 255] as const

/** How a server reads a mask: OpenAI by alpha (0 = change), home servers by white with any alpha dropped. */
export type MaskReading = 'alpha' | 'white' | 'ignored'

export interface Pixels extends Size {
  /** RGB, row by row. */
  data: Buffer
}

interface Drawing {
  size: Size
  seed: number
  format: 'png' | 'jpeg'
}

/** A plain colour made of prompt and seed, shaded from left to right, with the seed in its last two pixels. */
export function drawGenerated(drawing: Drawing & { prompt: string }): Promise<Buffer> {
  const { width, height } = drawing.size
  const [r = 0, g = 0, b = 0] = createHash('sha256').update(`${drawing.seed} ${drawing.prompt}`).digest()
  const row = Buffer.alloc(width * 3)
  for (let x = 0; x < width; x++) row.set([r, g, (b + x) & 255], x * 3)
  return encode({ width, height, data: Buffer.concat(Array<Buffer>(height).fill(row)) }, drawing)
}

/**
 * The first image in `size`: where the mask says change it is painted in `CHANGE_COLOUR` and elsewhere kept; without
 * a mask all of it is inverted. Of several images pixel i of the first row is the first pixel of image i. The seed is
 * in the last two pixels.
 */
export async function drawEdited(
  drawing: Drawing & { images: Buffer[]; mask: Buffer | undefined; maskReading: MaskReading }
): Promise<Buffer> {
  const sources = await Promise.all(drawing.images.map((image) => readPixels(image, drawing.size)))
  const { data } = sources[0]!
  const change = drawing.mask ? await readMask(drawing.mask, drawing.size, drawing.maskReading) : undefined
  for (let pixel = 0; pixel * 3 < data.length; pixel++) {
    if (change?.[pixel]) data.set(CHANGE_COLOUR, pixel * 3)
    if (!change) for (let band = 0; band < 3; band++) data[pixel * 3 + band] = 255 - data[pixel * 3 + band]!
  }
  if (sources.length > 1) {
    const originals = await Promise.all(drawing.images.map((image) => readPixels(image)))
    originals.forEach((original, index) => data.set(original.data.subarray(0, 3), index * 3))
  }
  return encode({ ...drawing.size, data }, drawing)
}

/** RGB, alpha dropped. */
export async function readPixels(image: Uint8Array, size?: Size): Promise<Pixels> {
  const resized = size ? sharp(image).resize({ ...size, fit: 'fill' }) : sharp(image)
  const { data, info } = await resized.removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, data }
}

export const pixelAt = (pixels: Pixels, x: number, y: number): number[] => {
  const start = (y * pixels.width + x) * 3
  return [...pixels.data.subarray(start, start + 3)]
}

/** The seed that a picture of this fake was made with; of PNGs only. */
export async function readSeed(png: Uint8Array): Promise<number> {
  const { data } = await readPixels(png)
  return data.readUIntBE(data.length - 4, 4)
}

/** One truthy byte per pixel to change. */
async function readMask(mask: Buffer, size: Size, reading: MaskReading): Promise<Buffer> {
  if (reading === 'ignored') return Buffer.alloc(size.width * size.height, 1)
  const image = sharp(mask).resize({ ...size, fit: 'fill', kernel: 'nearest' })
  const band =
    reading === 'alpha'
      ? image.ensureAlpha().extractChannel('alpha').negate()
      : image.removeAlpha().toColourspace('b-w').extractChannel(0)
  return band.threshold(128).toColourspace('b-w').raw().toBuffer()
}

function encode(pixels: Pixels, { seed, format }: Drawing): Promise<Buffer> {
  const { width, height, data } = pixels
  if (data.length >= 4) data.writeUIntBE(seed, data.length - 4, 4)
  return sharp(data, { raw: { width, height, channels: 3 } })
    .toFormat(format)
    .toBuffer()
}
