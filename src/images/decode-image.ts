import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import type { default as sharp, ResizeOptions, Sharp } from 'sharp'
import { type ImageFacts, isTurned } from './image-facts.ts'
import { ImageInspector } from './image-inspector.ts'
import { damaged } from './image-rejected.ts'
import type { Size } from './image-request.ts'

const require = createRequire(import.meta.url)
/** Loaded for the first image: its native library takes memory, and a start does not wait for it. */
const library = () => require('sharp') as typeof sharp

/** An encoded image: its bytes, or the path of a file that holds them. */
export type ImageSource = Buffer | string

/**
 * Reads an image's structure from beginning to end.
 *
 * @throws ImageRejected; the file system's own error when there is no such file.
 */
export async function inspectSource(source: ImageSource, maxPixels: number): Promise<ImageFacts> {
  const inspector = new ImageInspector({ maxPixels })
  if (typeof source !== 'string') inspector.write(source)
  else for await (const chunk of createReadStream(source)) inspector.write(chunk as Buffer)
  return inspector.end()
}

/**
 * What makes an image with each EXIF orientation stand upright: a mirroring of left and right, then a turn clockwise.
 * The decoder's own way is not asked, since it reads the orientation by other rules than `exifOrientation`.
 */
const TURNS: Readonly<Record<number, { flop: boolean; degrees: number }>> = {
  2: { flop: true, degrees: 0 },
  3: { flop: false, degrees: 180 },
  4: { flop: true, degrees: 180 },
  5: { flop: true, degrees: 270 },
  6: { flop: false, degrees: 90 },
  7: { flop: true, degrees: 90 },
  8: { flop: false, degrees: 270 }
}

/**
 * A pipeline whose output is upright (EXIF orientation applied), 8-bit sRGB with 3 or 4 channels, without metadata.
 * Only for an image that has passed inspection: the decoder knows more formats than this product takes.
 */
export const decodeUpright = (source: ImageSource, facts: ImageFacts): Sharp => standUpright(open(source, facts), facts)

/** Goes through all pixels for the last row, as they lie: without their colours being converted and kept that takes a fraction of the time. */
export async function decodeToTheEnd(source: ImageSource, { width, height }: ImageFacts): Promise<void> {
  await library()(source, { failOn: 'error', limitInputPixels: width * height })
    .extract({ left: 0, top: height - 1, width, height: 1 })
    .raw()
    .toBuffer()
}

/** As of sharp's `resize`; width and height are those of the upright image. */
export type Scaling = Partial<Size> & Pick<ResizeOptions, 'fit' | 'kernel' | 'withoutEnlargement'>

/**
 * `decodeUpright` of an image at another size. It is scaled as it lies and turned afterwards: so the decoder of jpeg
 * can leave out most of the pixels, and what is turned in memory is small. Rejects when the image does not decode.
 */
export async function scaleUpright(source: ImageSource, facts: ImageFacts, scaling: Scaling): Promise<Sharp> {
  const { width, height, ...how } = scaling
  const [across, down] = isTurned(facts) ? [height, width] : [width, height]
  const size = { ...(across !== undefined && { width: across }), ...(down !== undefined && { height: down }) }
  const scaled = open(source, facts).resize({ ...how, ...size })
  if (facts.orientation === 1) return scaled
  const { data, info } = await scaled.raw().toBuffer({ resolveWithObject: true })
  return standUpright(openPixels(data, { ...info, channels: info.channels as 3 | 4 }), facts)
}

/**
 * The one strictness: all of the product takes the same files, and what decoders call a warning is passed over, as in
 * browsers.
 */
const open = (source: ImageSource, { width, height }: ImageFacts): Sharp =>
  library()(source, { failOn: 'error', limitInputPixels: width * height }).toColourspace('srgb')

function standUpright(image: Sharp, { orientation }: ImageFacts): Sharp {
  const { flop, degrees } = TURNS[orientation] ?? { flop: false, degrees: 0 }
  return image.flop(flop).rotate(degrees)
}

/** A pipeline of pixels that are in memory already, row by row without padding. */
export const openPixels = (
  pixels: Buffer | Uint8Array,
  { width, height, channels }: Size & { channels: 1 | 3 | 4 }
): Sharp => library()(pixels, { raw: { width, height, channels }, limitInputPixels: false })

/** Waits for a pipeline of `decodeUpright`. @throws ImageRejected `damaged` when the image does not decode. */
export async function whenDecoded<T>(output: Promise<T>): Promise<T> {
  try {
    return await output
  } catch (cause) {
    throw damaged('its pixels cannot be decoded', { cause })
  }
}
