import { damaged, ImageRejected } from './image-rejected.ts'
import type { Size } from './image-request.ts'
import type { ImageMediaType } from './media-types.ts'

/** What the structure of an image tells without decoding it. */
export interface ImageFacts {
  mediaType: ImageMediaType
  /** Pixels as stored, before the EXIF orientation is applied: see `orientedSize`. */
  width: number
  height: number
  /** There is an alpha channel or (PNG) a transparent colour; whether any pixel uses it is not known. */
  hasAlpha: boolean
  /** Bits per channel; of a palette PNG, per index. */
  bitDepth: number
  /** Always false of an image that was taken: animated ones are refused. */
  animated: false
  /** EXIF orientation 1 – 8; 1 when there is none. */
  orientation: number
  colour: ImageColour
}

/** `rgb` includes JPEG's YCbCr, `cmyk` its YCCK. */
export type ImageColour = 'rgb' | 'gray' | 'palette' | 'cmyk'

/** Width and height as a viewer shows them: EXIF orientations 5 – 8 turn the image by a quarter. */
export const orientedSize = ({ width, height, orientation }: Size & { orientation: number }): Size =>
  isTurned({ orientation }) ? { width: height, height: width } : { width, height }

/** Whether it lies on its side as it is stored. */
export const isTurned = ({ orientation }: Pick<ImageFacts, 'orientation'>): boolean => orientation >= 5

export interface InspectionLimits {
  /** Width × height as the header gives them; `Infinity` for no limit. */
  maxPixels: number
  /** Of width and height each; absent: no limit. */
  maxSide?: number
}

const SCALE_DOWN = { advice: 'Scale it down first.' }

/**
 * What every header is held to, before anything is decoded.
 *
 * @throws ImageRejected `damaged` when a side is 0, `too_many_pixels` above `maxPixels`, `too_long` above `maxSide`.
 */
export function checkDimensions({ width, height }: Size, { maxPixels, maxSide = Infinity }: InspectionLimits): void {
  if (width === 0 || height === 0) throw damaged('it has no pixels')
  if (width * height > maxPixels) {
    throw new ImageRejected(
      'too_many_pixels',
      `The image is ${width}x${height}, which is more than the ${maxPixels} pixels allowed.`,
      SCALE_DOWN
    )
  }
  if (Math.max(width, height) > maxSide) {
    throw new ImageRejected(
      'too_long',
      `The image is ${width}x${height}, and no side may have more than ${maxSide} pixels.`,
      SCALE_DOWN
    )
  }
}
