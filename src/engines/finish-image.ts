import { orientedSize } from '../images/image-facts.ts'
import { inspectSource } from '../images/decode-image.ts'
import type { ImageTask, Size } from '../images/image-request.ts'
import { keepOutsideMask } from '../images/keep-outside-mask.ts'
import type { ImageMediaType } from '../images/media-types.ts'
import { asComposite } from '../images/metadata/source-type.ts'
import { stripMetadata } from '../images/metadata/strip-metadata.ts'
import { formatSize } from '../images/sizes.ts'
import { asBadOutput } from './as-bad-output.ts'

/** Of what a server makes, so that its decoding has bounds; the agent has a limit of its own. */
export const MAX_MADE_PIXELS = 50_000_000

export interface FinishedImage extends Size {
  bytes: Buffer
  mediaType: ImageMediaType
}

/**
 * What an image server made, by its content. Of an edit with a mask what lies outside of it comes back as it was, since
 * servers decode and blur it; a soft edge is mixed. Throws `bad_output` for what is no image.
 */
export async function finishImage({
  bytes,
  edit
}: {
  bytes: Buffer
  /** The mask is opaque, white = change. */
  edit?: { original: Buffer; mask: Buffer }
}): Promise<FinishedImage> {
  try {
    const facts = await inspectSource(bytes, MAX_MADE_PIXELS)
    const size = orientedSize(facts)
    if (!edit) return { bytes, mediaType: facts.mediaType, ...size }
    const { sourceType } = stripMetadata(bytes, facts.mediaType)
    const whole = await keepOutsideMask({
      edited: bytes,
      ...edit,
      maxPixels: MAX_MADE_PIXELS,
      sourceType: sourceType && asComposite(sourceType)
    })
    return { bytes: whole, mediaType: 'image/png', ...size }
  } catch (error) {
    throw asBadOutput(error)
  }
}

/** A warning, when an image has another size than the one that was named. */
export const sizeTold = ({ asked, made }: { asked: Size; made: Size }): string[] =>
  formatSize(asked) === formatSize(made)
    ? []
    : [`The image server makes no ${formatSize(asked)}: the image is ${formatSize(made)}.`]

/** A warning, when what lies outside of an edit's mask comes back in another size, and so not pixel by pixel as it was. */
export const keptTold = ({ inputs }: Pick<ImageTask, 'inputs'>, made: Size): string[] => {
  const original = inputs.find(({ name }) => name !== 'mask')
  const isMasked = inputs.some(({ name }) => name === 'mask')
  return original && isMasked && formatSize(original) !== formatSize(made)
    ? ['The image was scaled: what lies outside of the mask is not exactly as it was.']
    : []
}
