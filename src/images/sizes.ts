import { errors } from '../lib/errors.ts'
import type { Size } from './image-request.ts'

export const MIN_SIDE = 16
export const MAX_SIDE = 16_384

/** Digits without leading zeros, around a letter x of either case or a multiplication sign. */
const SIZE = /^([1-9]\d*)[xX×]([1-9]\d*)$/

/**
 * A size as callers write it: `1024x1024` (also `1024X1024`, `1024×1024`) or `auto`, blanks around it ignored.
 * Each side is 16 … 16384 pixels.
 *
 * @throws AppError `invalid_size`.
 */
export function parseSize(text: string, param = 'size'): Size | 'auto' {
  const trimmed = text.trim()
  if (trimmed.toLowerCase() === 'auto') return 'auto'

  const match = SIZE.exec(trimmed)
  if (match === null) {
    throw errors.invalidSize(
      `${quote(trimmed)} is not a size. Send 'auto' or WIDTHxHEIGHT in pixels, such as '1024x1024'.`,
      param
    )
  }
  const size = { width: Number(match[1]), height: Number(match[2]) }
  if (!isPossibleSide(size.width) || !isPossibleSide(size.height)) {
    throw errors.invalidSize(
      `${quote(trimmed)} is out of range: each side has ${MIN_SIDE} to ${MAX_SIDE} pixels.`,
      param
    )
  }
  return size
}

/** @throws AppError `invalid_size` when width × height is above `maxPixels`. */
export function checkPixels(size: Size, maxPixels: number): void {
  if (size.width * size.height <= maxPixels) return
  throw errors.invalidSize(
    `'${formatSize(size)}' has more than the ${maxPixels} pixels allowed. Ask for a smaller image.`
  )
}

export const formatSize = ({ width, height }: Size): string => `${width}x${height}`

const isPossibleSide = (side: number) => side >= MIN_SIDE && side <= MAX_SIDE

const quote = (text: string) => `'${text.length > 40 ? `${text.slice(0, 40)}…` : text}'`

/** The largest size of the same proportions with at most `maxPixels`, in whole multiples of 8 as engines want them. */
export function fitWithin({ width, height }: Size, maxPixels: number): Size {
  const scale = Math.min(1, Math.sqrt(maxPixels / (width * height)))
  const side = (length: number) => Math.max(MIN_SIDE, Math.floor((length * scale) / 8) * 8)
  return { width: side(width), height: side(height) }
}
