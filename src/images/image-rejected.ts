import type { ErrorCode } from '../lib/errors.ts'

export type ImageRejectionReason =
  | 'empty'
  /** Nothing that could be named. */
  | 'not_an_image'
  /** Something else, which the message names. */
  | 'unsupported_type'
  | 'animated'
  | 'damaged'
  | 'too_many_pixels'
  | 'too_long'

const CODES: Record<ImageRejectionReason, ErrorCode> = {
  empty: 'invalid_image',
  damaged: 'invalid_image',
  too_many_pixels: 'image_too_large',
  too_long: 'image_too_large',
  animated: 'unsupported_media_type',
  not_an_image: 'unsupported_media_type',
  unsupported_type: 'unsupported_media_type'
}

export const SEND_IMAGE = 'Send a png, jpeg or webp image.'

/** Why bytes are not an image this product takes: what they are `found` to be, and for whoever sent them what to do next. */
export class ImageRejected extends Error {
  readonly reason: ImageRejectionReason
  /** What it is for callers whose image this is. */
  readonly code: ErrorCode
  /** A sentence, for people who have not sent it. */
  readonly found: string

  constructor(reason: ImageRejectionReason, found: string, { advice, ...options }: ErrorOptions & { advice: string }) {
    super(`${found} ${advice}`, options)
    this.name = 'ImageRejected'
    this.reason = reason
    this.found = found
    this.code = CODES[reason]
  }
}

/** `what` completes "The image is damaged: …". */
export const damaged = (what: string, options?: ErrorOptions): ImageRejected =>
  new ImageRejected('damaged', `The image is damaged: ${what}.`, {
    ...options,
    advice: 'Save it again or send the original.'
  })

/** `what` completes "The file is …" and has its article: "a GIF image". */
export const unsupported = (what: string): ImageRejected =>
  new ImageRejected('unsupported_type', `The file is ${what}.`, { advice: SEND_IMAGE })

export const animated = (what: string): ImageRejected =>
  new ImageRejected('animated', `The file is ${what}.`, { advice: 'Send a still png, jpeg or webp image.' })
