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
  /** What is left, in order: the longest pieces of the file that stay, without a copy of them. */
  pieces: readonly Buffer[]
  /** The same as one: the very buffer that was given when nothing had to go. */
  readonly bytes: Buffer
  /** Whether it carries a C2PA manifest, which stays in any case. */
  hasManifest: boolean
  /** The URI of IPTC's digital source type, as XMP or the manifest names it. */
  sourceType: string | undefined
}

/** What is left of a file that consists of these parts; what follows the last of them is no part of the image. */
export function joinParts(image: Buffer, parts: readonly FilePart[]): StrippedImage {
  const pieces = piecesOf(image, parts)
  let joined = pieces.length === 1 ? pieces[0] : undefined
  const manifests = parts.flatMap((part) => part.manifest ?? [])
  return {
    pieces,
    get bytes() {
      return (joined ??= Buffer.concat(pieces))
    },
    hasManifest: manifests.length > 0,
    sourceType: [...parts.flatMap((part) => part.xmp ?? []), ...manifests]
      .map(findSourceType)
      .find((type) => type !== undefined)
  }
}

function piecesOf(image: Buffer, parts: readonly FilePart[]): Buffer[] {
  const pieces: Buffer[] = []
  let [from, at] = [0, 0]
  for (const { bytes, kept } of parts) {
    if (kept !== bytes) {
      if (at > from) pieces.push(image.subarray(from, at))
      if (kept) pieces.push(kept)
      from = at + bytes.length
    }
    at += bytes.length
  }
  if (from === 0 && at === image.length) return [image]
  if (at > from) pieces.push(image.subarray(from, at))
  return pieces
}
