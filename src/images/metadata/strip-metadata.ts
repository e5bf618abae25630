import type { ImageMediaType } from '../media-types.ts'
import { type FilePart, joinParts, type StrippedImage } from './file-parts.ts'
import { jpegParts } from './jpeg-parts.ts'
import { pngParts } from './png-parts.ts'
import { webpParts } from './webp-parts.ts'

const PARTS: Readonly<Record<ImageMediaType, (image: Buffer) => Iterable<FilePart>>> = {
  'image/png': pngParts,
  'image/jpeg': jpegParts,
  'image/webp': webpParts
}

/**
 * Takes from an image what programs write beside the pixels (prompts, workflows, paths, hashes of models, comments,
 * places, thumbnails, whatever follows its end), without encoding it anew. What decides how it looks stays: colour
 * profiles, orientation, resolution. So do the marks of where it comes from: a C2PA manifest whole, and of XMP
 * the digital source type of IPTC. What is not known goes. Only for an image that has passed inspection.
 *
 * A manifest vouches for the bytes of its file: after anything else was taken out it no longer matches them.
 *
 * @throws ImageRejected `damaged` when a length in it lies.
 */
export const stripMetadata = (image: Buffer, mediaType: ImageMediaType): StrippedImage =>
  joinParts(image, [...PARTS[mediaType](image)])
