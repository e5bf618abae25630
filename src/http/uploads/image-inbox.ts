import type { Assets } from '../../assets/assets.ts'
import { ObjectTooLarge, type SavedBytes } from '../../assets/save-asset.ts'
import type { Limits } from '../../config/config.ts'
import { ImageRejected } from '../../images/image-inspector.ts'
import type { ImageKind } from '../../images/image-request.ts'
import { formatSize } from '../../images/sizes.ts'
import { type AppError, errors } from '../../lib/errors.ts'
import type { RequestInput } from '../../requests/submission.ts'

export type InboxLimits = Pick<Limits, 'maxUploadBytes' | 'maxInputImages' | 'maxInputPixels' | 'maxInputSide'>

/** A source image or mask on its way in. */
export interface IncomingImage {
  kind: 'input' | 'mask'
  /** The caller's own name of it, for errors. */
  param: string
  /** Its place among the images, when its name says so (`image[1]`); otherwise as they come. */
  index?: number
  /** Stores its bytes. */
  save: () => Promise<SavedBytes>
  /** No bytes at all mean that there is none: what a browser sends for a file input left empty. */
  mayBeAbsent?: boolean
}

interface StoredImage extends Pick<IncomingImage, 'kind' | 'param'> {
  place: number
  saved: SavedBytes
}

/**
 * Collects the source images and the mask of one call, each checked while it is stored. What was stored for a call
 * that comes to nothing is taken back by `discard`.
 */
export class ImageInbox {
  readonly #assets: Assets
  readonly #limits: InboxLimits
  readonly #most: Record<IncomingImage['kind'], number>
  readonly #begun = { input: 0, mask: 0 }
  readonly #stored: StoredImage[] = []

  constructor(assets: Assets, options: { kind: ImageKind; limits: InboxLimits }) {
    const { kind, limits } = options
    this.#assets = assets
    this.#limits = limits
    this.#most = kind === 'variation' ? { input: 1, mask: 0 } : { input: limits.maxInputImages, mask: 1 }
  }

  /**
   * Takes one image. Throws `file_too_large`, `unsupported_media_type`, `invalid_image`, `image_too_large` and
   * `too_many_images` with the caller's own field name, and whatever else `save` throws.
   */
  async add(image: IncomingImage): Promise<void> {
    const { kind, param } = image
    const arrival = this.#begun[kind]++
    if (arrival >= this.#most[kind]) throw this.#tooMany(kind, param)
    try {
      this.#stored.push({ kind, param, saved: await image.save(), place: image.index ?? arrival })
    } catch (error) {
      if (image.mayBeAbsent && error instanceof ImageRejected && error.reason === 'empty') return
      throw this.#inCallersWords(error, param)
    }
  }

  /** The inputs in the caller's order, the mask last. Throws `missing_file` and `invalid_mask`. */
  finish(): [RequestInput, ...RequestInput[]] {
    const images = this.#stored.filter(({ kind }) => kind === 'input').sort((a, b) => a.place - b.place)
    const mask = this.#stored.find(({ kind }) => kind === 'mask')
    const [first] = images
    if (!first) throw errors.missingFile()
    if (mask) checkMask(mask.saved, first.saved)
    return [toInput(first), ...[...images.slice(1), ...(mask ? [mask] : [])].map(toInput)]
  }

  /** Takes back what was stored, for a call that was refused. */
  async discard(): Promise<void> {
    for (const { saved } of this.#stored) await this.#assets.discard(saved)
  }

  #tooMany(kind: IncomingImage['kind'], param: string): AppError {
    const most = this.#most[kind]
    return most === 0
      ? errors.invalidRequest(`'${param}' cannot be used here: a variation has no mask. Send an edit instead.`, param)
      : errors.tooManyImages(most, param)
  }

  #inCallersWords(error: unknown, param: string): unknown {
    if (error instanceof ObjectTooLarge) return errors.fileTooLarge(param, this.#limits.maxUploadBytes)
    return error instanceof ImageRejected ? asAppError(error, param, this.#limits) : error
  }
}

function checkMask(mask: SavedBytes, first: SavedBytes): void {
  if (!mask.hasAlpha) {
    throw errors.invalidMask(
      'The mask has no alpha channel. Send a png or webp that is transparent where the image shall change.'
    )
  }
  const [size, wanted] = [formatSize(mask), formatSize(first)]
  if (size !== wanted) {
    throw errors.invalidMask(`The mask is ${size} but the first image is ${wanted}. Send a mask of the same size.`)
  }
}

const toInput = ({ kind, saved }: StoredImage): RequestInput => ({ kind, ...saved })

function asAppError({ code, reason, message }: ImageRejected, param: string, limits: InboxLimits): AppError {
  if (code === 'invalid_image') return errors.invalidImage(message, param)
  if (code === 'unsupported_media_type') return errors.unsupportedMediaType(message, param)
  const most = reason === 'too_long' ? `${limits.maxInputSide} pixels a side` : `${limits.maxInputPixels} pixels`
  return errors.imageTooLarge(param, most)
}
