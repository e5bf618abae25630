import type { Sharp } from 'sharp'
import { errors } from '../lib/errors.ts'
import { decodeUpright, inspectSource, openPixels, whenDecoded, type ImageSource } from './decode-image.ts'
import { MAX_SIDE } from './fields.ts'
import { orientedSize } from './image-facts.ts'
import type { Size } from './image-request.ts'
import { formatSize } from './sizes.ts'

/**
 * Which pixels an edit changes, in canonical form: one channel, 8 bits per pixel, row by row from the top left, no
 * padding (width × height bytes). **255 = change here, 0 = keep**, between them a soft edge. As large as the first
 * image when that stands upright.
 *
 * OpenAI's masks mean the opposite by the same number: they are read by their alpha channel, and alpha 0 = change here.
 */
export interface Mask extends Size {
  pixels: Buffer
}

/**
 * The canonical mask from one in OpenAI's form (alpha 0 = change here becomes 255).
 *
 * @param size of the first image as a viewer shows it; it bounds the memory taken.
 * @throws AppError `invalid_mask` without an alpha channel or at another size; ImageRejected when it is no whole image.
 */
export async function canonicalMask({ mask, size }: { mask: ImageSource; size: Size }): Promise<Mask> {
  const facts = await inspectSource(mask, Infinity)
  const maskSize = orientedSize(facts)
  if (maskSize.width !== size.width || maskSize.height !== size.height) {
    throw errors.invalidMask(
      `The mask is ${formatSize(maskSize)} but the image is ${formatSize(size)}. Send a mask of the same size.`
    )
  }
  if (!facts.hasAlpha) {
    throw errors.invalidMask(
      'The mask has no alpha channel. Send a png or webp that is transparent where the image shall change.'
    )
  }
  return readMask(decodeUpright(mask, facts).extractChannel('alpha').negate())
}

/**
 * A mask of what is fully transparent (alpha 0) in an image: what dall-e-2 edits when no mask is sent. Pixels that are
 * transparent in part are kept. Undefined when there is nothing to change.
 *
 * @throws ImageRejected
 */
export async function maskFromOwnAlpha(image: ImageSource, maxPixels: number): Promise<Mask | undefined> {
  const facts = await inspectSource(image, maxPixels)
  if (!facts.hasAlpha) return undefined
  // Everything from 1 on becomes 255, which stands for "keep" before it is turned round.
  const mask = await readMask(decodeUpright(image, facts).extractChannel('alpha').threshold(1).negate())
  return mask.pixels.includes(CHANGE) ? mask : undefined
}

/** Of a canonical mask. */
const CHANGE = 255

/** An opaque 8-bit grayscale png, **white = change here**: for engines that read a mask's brightness. */
export const encodeWhiteOnBlackPng = ({ pixels, width, height }: Mask): Promise<Buffer> =>
  openPixels(pixels, { width, height, channels: 1 }).toColourspace('b-w').png().toBuffer()

/**
 * An RGBA png as OpenAI wants it: alpha = 255 − mask, so **transparent = change here**. Its colours are white = change
 * here, so that an engine that drops the alpha channel and looks at the brightness edits the same pixels.
 */
export async function encodeAlphaPng({ pixels, width, height }: Mask): Promise<Buffer> {
  const size = { width, height, channels: 1 } as const
  const alpha = await openPixels(pixels, size).negate().toColourspace('b-w').raw().toBuffer()
  return openPixels(pixels, size)
    .joinChannel([pixels, pixels, alpha], { raw: size, limitInputPixels: false })
    .toColourspace('srgb')
    .png()
    .toBuffer()
}

/**
 * The canonical mask from what `encodeWhiteOnBlackPng` made (white = change here = 255).
 *
 * @throws ImageRejected
 */
export async function decodeWhiteOnBlackPng(png: ImageSource): Promise<Mask> {
  const facts = await inspectSource(png, MAX_SIDE * MAX_SIDE)
  return readMask(decodeUpright(png, facts).removeAlpha().toColourspace('b-w'))
}

/** The pixels of a pipeline with one channel. @throws ImageRejected `damaged` */
async function readMask(image: Sharp): Promise<Mask> {
  const { data, info } = await whenDecoded(image.raw().toBuffer({ resolveWithObject: true }))
  return { pixels: data, width: info.width, height: info.height }
}
