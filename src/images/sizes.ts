import { errors } from '../lib/errors.ts'
import { MAX_SIDE, MIN_SIDE } from './fields.ts'
import type { Size } from './image-request.ts'

/** Images with fewer pixels hardly take less time: they count as having so many where a time is told by pixels. */
export const LEAST_PIXELS = 250_000

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

/** What sizes an engine takes. */
export interface SizeRules {
  maxPixels: number
  multipleOf: number
}

/**
 * The size nearest to this one, of the same proportions as far as that goes, that keeps to the rules. Each side is at
 * least `MIN_SIDE`, also where that is more than `maxPixels` allows.
 */
export function fitWithin({ width, height }: Size, { maxPixels, multipleOf }: SizeRules): Size {
  const scale = Math.min(1, Math.sqrt(maxPixels / (width * height)))
  const least = Math.ceil(MIN_SIDE / multipleOf) * multipleOf
  const fit = (round: (steps: number) => number): Size => {
    const side = (length: number) => Math.max(least, round((length * scale) / multipleOf) * multipleOf)
    return { width: side(width), height: side(height) }
  }
  const nearest = fit(Math.round)
  const size = nearest.width * nearest.height <= maxPixels ? nearest : fit(Math.floor)
  // Of a picture that is all length, the short side cannot shrink as much as it should.
  const most = Math.max(least, Math.floor(maxPixels / Math.min(size.width, size.height) / multipleOf) * multipleOf)
  return { width: Math.min(size.width, most), height: Math.min(size.height, most) }
}

/** What engines take at the least, whichever they are. */
export const USUAL_MULTIPLE = 8

const PIXEL_UNITS = { '': 1, px: 1, mp: 1_000_000 } as const

/** `4MP` (millions), `1.5 MP`, `4194304`, `2048x2048` → pixels in all; undefined when the text is none of these. */
export function parsePixels(text: string): number | undefined {
  const [, width, height] = SIZE.exec(text.trim()) ?? []
  if (width !== undefined && height !== undefined) return Number(width) * Number(height)
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(MP|px)?$/i.exec(text.trim()) ?? []
  return number === undefined
    ? undefined
    : Math.floor(Number(number) * PIXEL_UNITS[(unit ?? '').toLowerCase() as keyof typeof PIXEL_UNITS])
}
