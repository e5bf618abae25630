import type { Sharp } from 'sharp'
import { errors } from '../lib/errors.ts'
import { decodeUpright, inspectSource, scaleUpright, whenDecoded, type ImageSource } from './decode-image.ts'
import { orientedSize, type ImageFacts } from './image-facts.ts'
import type { ImageParameters, Size } from './image-request.ts'
import { mediaTypeOfFormat, type ImageMediaType, type OutputFormat } from './media-types.ts'
import { xmpOfSourceType } from './metadata/source-type.ts'
import { formatSize } from './sizes.ts'

export interface TranscodedImage extends Size {
  bytes: Buffer
  mediaType: ImageMediaType
}

export interface Encoding {
  format: OutputFormat
  /** A wider image is scaled down to it, in its proportions; none is enlarged. Pixels of the upright image. */
  maxWidth?: number
  /** `output_compression` as OpenAI means it: 0 – 100, where 100 is the best quality. Without effect on png. */
  compression?: number
  /** `opaque` puts the image on white; otherwise transparency stays, but for jpeg, which has none. */
  background?: ImageParameters['background']
  /** The digital source type that it is marked with; absent: it carries no metadata. */
  sourceType?: string | undefined
}

export interface Transcoding extends Encoding {
  input: ImageSource
  /** Of the input, as `ImageInspector` takes it. */
  maxPixels: number
}

const BEST_QUALITY = 100
/** From here on, colours at full resolution are worth their bytes (libvips' own threshold). */
const FULL_COLOUR_QUALITY = 90
/** Limits of the formats themselves. */
const MAX_SIDES: Readonly<Record<OutputFormat, number>> = { png: 0x7fff_ffff, jpeg: 65_500, webp: 16_383 }

/**
 * Decodes an image fully and encodes it anew: upright, 8-bit sRGB, without metadata but what it is marked with. Width and
 * height are those of the result.
 *
 * @throws ImageRejected when the input is none, or not whole; AppError `invalid_size` when it is too large for `format`.
 */
export async function transcodeImage({ input, maxPixels, ...encoding }: Transcoding): Promise<TranscodedImage> {
  return transcodeInspected(input, { facts: await inspectSource(input, maxPixels), ...encoding })
}

/** `transcodeImage` of an input that has passed inspection with these facts. */
export async function transcodeInspected(
  input: ImageSource,
  { facts, format, maxWidth, compression = BEST_QUALITY, background, sourceType }: Encoding & { facts: ImageFacts }
): Promise<TranscodedImage> {
  checkSides(scaledSize(orientedSize(facts), maxWidth), format)

  const image =
    maxWidth === undefined
      ? decodeUpright(input, facts)
      : await whenDecoded(scaleUpright(input, facts, { width: maxWidth, withoutEnlargement: true }))
  if (format === 'jpeg' || background === 'opaque') image.flatten({ background: 'white' })
  if (sourceType !== undefined) image.withXmp(xmpOfSourceType(sourceType))
  const encoder = encode(image, format, compression)
  const { data, info } = await whenDecoded(encoder.toBuffer({ resolveWithObject: true }))
  return { bytes: data, mediaType: mediaTypeOfFormat(format), width: info.width, height: info.height }
}

/**
 * What every engine understands: an upright 8-bit sRGB png, RGB or RGBA, without metadata.
 *
 * @throws ImageRejected
 */
export const normalizeForEngine = (input: ImageSource, maxPixels: number): Promise<TranscodedImage> =>
  transcodeImage({ input, format: 'png', maxPixels })

function encode(image: Sharp, format: OutputFormat, compression: number): Sharp {
  const quality = Math.max(1, compression)
  switch (format) {
    case 'png':
      return image.png()
    case 'jpeg':
      return image.jpeg({ quality, chromaSubsampling: quality >= FULL_COLOUR_QUALITY ? '4:4:4' : '4:2:0' })
    case 'webp':
      return image.webp({ quality })
  }
}

const scaledSize = ({ width, height }: Size, maxWidth = width): Size =>
  width <= maxWidth ? { width, height } : { width: maxWidth, height: Math.round((height * maxWidth) / width) }

function checkSides(size: Size, format: OutputFormat): void {
  const maxSide = MAX_SIDES[format]
  if (Math.max(size.width, size.height) <= maxSide) return
  throw errors.invalidSize(
    `A ${format} image has at most ${maxSide} pixels a side, and this one would be ${formatSize(size)}. Ask for 'png'.`,
    'format'
  )
}
