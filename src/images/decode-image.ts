import { createReadStream } from 'node:fs'
import sharp, { type Sharp } from 'sharp'
import type { ImageFacts } from './image-facts.ts'
import { ImageInspector } from './image-inspector.ts'
import { damaged } from './image-rejected.ts'

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
 * A pipeline whose output is upright (EXIF orientation applied), 8-bit sRGB with 3 or 4 channels, without metadata.
 * Only for an image that has passed inspection: the decoder knows more formats than this product takes.
 */
export const decodeUpright = (source: ImageSource, { width, height }: ImageFacts): Sharp =>
  sharp(source, { failOn: 'error', limitInputPixels: width * height, autoOrient: true }).toColourspace('srgb')

/** Waits for a pipeline of `decodeUpright`. @throws ImageRejected `damaged` when the image does not decode. */
export async function whenDecoded<T>(output: Promise<T>): Promise<T> {
  try {
    return await output
  } catch (cause) {
    throw damaged('its pixels cannot be decoded', { cause })
  }
}
