import type { Readable } from 'node:stream'
import type { Assets } from '../../assets/assets.ts'
import { ObjectTooLarge, type SavedBytes } from '../../assets/save-asset.ts'
import type { Limits } from '../../config/config.ts'
import { ImageRejected, orientedSize } from '../../images/image-inspector.ts'
import { formatSize } from '../../images/sizes.ts'
import { type AppError, errors } from '../../lib/errors.ts'
import type { RequestInput } from '../../requests/submission.ts'

export type InboxLimits = Pick<Limits, 'maxUploadBytes' | 'maxInputImages' | 'maxInputPixels'>

/**
 * Collects the source images and the mask of one call: each is streamed into the store while it is checked. What was
 * stored for a call that comes to nothing is taken back by `discard`.
 */
export class ImageInbox {
  readonly #assets: Assets
  readonly #limits: InboxLimits
  readonly #images: SavedBytes[] = []
  #mask: SavedBytes | undefined
  #begun = { input: 0, mask: 0 }

  constructor(assets: Assets, limits: InboxLimits) {
    this.#assets = assets
    this.#limits = limits
  }

  /**
   * Takes one image. Throws `file_too_large`, `unsupported_media_type`, `invalid_image`, `image_too_large` and
   * `too_many_images` with the caller's own field name, and whatever the stream failed with.
   */
  async add(kind: 'input' | 'mask', param: string, source: Readable, declaredType: string): Promise<void> {
    const most = kind === 'mask' ? 1 : this.#limits.maxInputImages
    if (++this.#begun[kind] > most) throw errors.tooManyImages(most, param)
    const place = this.#begun[kind] - 1
    const { maxUploadBytes: maxBytes, maxInputPixels: maxPixels } = this.#limits
    try {
      const saved = await this.#assets.save(source, { declaredType, maxBytes, maxPixels })
      if (kind === 'mask') this.#mask = saved
      else this.#images[place] = saved
    } catch (error) {
      throw error instanceof ImageRejected
        ? asRejected(error, param, maxPixels)
        : error instanceof ObjectTooLarge
          ? errors.fileTooLarge(param, maxBytes)
          : error
    }
  }

  /**
   * The inputs in the caller's order. Throws `missing_file` and `invalid_mask`. `ownMask` tells whether the first
   * image has transparent areas and so acts as its own mask.
   */
  async finish(options: { lookForOwnMask: boolean }): Promise<{ inputs: RequestInput[]; ownMask: boolean }> {
    const first = this.#images[0]
    if (!first) throw errors.missingFile()
    if (this.#mask) checkMask(this.#mask, first)
    const images = this.#images.map((saved) => toInput('input', saved))
    const inputs = this.#mask ? [...images, toInput('mask', this.#mask)] : images
    const mayHaveOwn = options.lookForOwnMask && !this.#mask && first.facts.hasAlpha
    return { inputs, ownMask: mayHaveOwn && (await this.#hasTransparency(first)) }
  }

  /** Takes back what was stored, for a call that was refused. */
  async discard(): Promise<void> {
    for (const saved of [...this.#images, this.#mask]) if (saved) await this.#assets.discard(saved.storageKey)
  }

  async #hasTransparency(image: SavedBytes): Promise<boolean> {
    try {
      return await this.#assets.hasTransparency(image.storageKey, this.#limits.maxInputPixels)
    } catch (error) {
      throw error instanceof ImageRejected ? asRejected(error, 'image', this.#limits.maxInputPixels) : error
    }
  }
}

function checkMask(mask: SavedBytes, first: SavedBytes): void {
  if (!mask.facts.hasAlpha) {
    throw errors.invalidMask(
      'The mask has no alpha channel. Send a png or webp that is transparent where the image shall change.'
    )
  }
  const [size, wanted] = [formatSize(orientedSize(mask.facts)), formatSize(orientedSize(first.facts))]
  if (size !== wanted) {
    throw errors.invalidMask(`The mask is ${size} but the first image is ${wanted}. Send a mask of the same size.`)
  }
}

const toInput = (kind: 'input' | 'mask', { facts, ...stored }: SavedBytes): RequestInput => ({
  kind,
  ...stored,
  ...orientedSize(facts),
  mediaType: facts.mediaType
})

function asRejected(error: ImageRejected, param: string, maxPixels: number): AppError {
  switch (error.reason) {
    case 'empty':
    case 'damaged':
      return errors.invalidImage(error.message, param)
    case 'too_many_pixels':
      return errors.imageTooLarge(param, maxPixels)
    case 'animated':
    case 'not_an_image':
    case 'unsupported_type':
      return errors.unsupportedMediaType(error.message, param)
  }
}
