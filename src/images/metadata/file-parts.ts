import { findSourceType } from './source-type.ts'

/** A piece of an image file, in the order of the file, and what is left of it. */
export interface FilePart {
  bytes: Buffer
  /** The same buffer when all of it stays; absent: it is taken away. */
  kept?: Buffer | undefined
  /** The C2PA manifest in it. */
  manifest?: Buffer
  /** The XMP packet in it. */
  xmp?: Buffer
}

export interface StrippedImage {
  /** The very buffer that was given when nothing had to go. */
  bytes: Buffer
  /** Whether it carries a C2PA manifest, which stays in any case. */
  hasManifest: boolean
  /** The URI of IPTC's digital source type, as XMP or the manifest names it. */
  sourceType: string | undefined
}

/** What is left of a file that consists of these parts; what follows the last of them is no part of the image. */
export function joinParts(image: Buffer, parts: readonly FilePart[]): StrippedImage {
  const kept = parts.flatMap((part) => part.kept ?? [])
  const isSame = parts.every((part) => part.kept === part.bytes) && lengthOf(kept) === image.length
  const manifests = parts.flatMap((part) => part.manifest ?? [])
  return {
    bytes: isSame ? image : Buffer.concat(kept),
    hasManifest: manifests.length > 0,
    sourceType: [...parts.flatMap((part) => part.xmp ?? []), ...manifests]
      .map(findSourceType)
      .find((type) => type !== undefined)
  }
}

export const lengthOf = (buffers: readonly Buffer[]): number =>
  buffers.reduce((bytes, buffer) => bytes + buffer.length, 0)
