import { MAX_PARTS, tooManyParts } from '../byte-feed.ts'
import { damaged } from '../image-rejected.ts'
import type { FilePart } from './file-parts.ts'
import { reduceExif } from './reduce-exif.ts'
import { reduceXmp } from './source-type.ts'

const EOI = 0xd9
const SOS = 0xda
const JFIF = 'JFIF\0'
const JFIF_BYTES = 14
const EXIF = 'Exif\0\0'
export const JPEG_XMP = 'http://ns.adobe.com/xap/1.0/\0'
const ICC = 'ICC_PROFILE\0'
const ADOBE = 'Adobe'
const ADOBE_BYTES = 12
/** ISO 19566-5: how boxes lie in segments: `JP`, the number of the box, that of the piece, and the box. */
const JUMBF = 'JP'
/** Within these the description of a box says what it is. */
const DESCRIPTION_BYTES = 64

/** The segments of a JPEG, and the pixels between them. @throws ImageRejected `damaged` */
export function* jpegParts(image: Buffer): Generator<FilePart> {
  const start = image.subarray(0, 2)
  yield { bytes: start, kept: start }
  /** Numbers of the boxes that are C2PA's. */
  const manifests = new Set<number>()
  let at = 2
  let isScan = false
  for (let parts = 0; parts < MAX_PARTS; parts++) {
    const marker = findMarker(image, at)
    const between = image.subarray(at, marker - 1)
    if (between.length > 0) yield isScan ? { bytes: between, kept: between } : { bytes: between }
    const code = image[marker]
    if (code === EOI) {
      const end = image.subarray(marker - 1, marker + 1)
      return yield { bytes: end, kept: end }
    }
    if (marker + 3 > image.length) throw damaged('it ends too early')
    const end = marker + 1 + image.readUInt16BE(marker + 1)
    if (end < marker + 3 || end > image.length) throw damaged('a segment is longer than the file')
    yield partOf(code ?? 0, image.subarray(marker - 1, end), manifests)
    isScan ||= code === SOS
    at = end
  }
  throw tooManyParts()
}

/** Where the code of the next marker lies: behind 0xFF, and neither a stuffed zero, fill, TEM nor a restart. */
function findMarker(image: Buffer, from: number): number {
  // Not by indexOf, which takes ten times as long where many bytes are 0xFF.
  for (let at = from; at < image.length; at++) {
    if (image[at] !== 0xff) continue
    const code = image[at + 1] ?? 0
    if (code > 0x01 && code !== 0xff && !(code >= 0xd0 && code <= 0xd7)) return at + 1
  }
  throw damaged('it ends too early')
}

function partOf(code: number, bytes: Buffer, manifests: Set<number>): FilePart {
  const data = bytes.subarray(4)
  const begins = (signature: string) => data.toString('latin1', 0, signature.length) === signature
  // Frames, tables, scans.
  if (code >= 0xc0 && code <= 0xdf) return { bytes, kept: bytes }
  if (code === 0xe0 && begins(JFIF)) return { bytes, kept: cutTo(JFIF_BYTES, bytes) }
  if (code === 0xee && begins(ADOBE)) return { bytes, kept: cutTo(ADOBE_BYTES, bytes) }
  if (code === 0xe2 && begins(ICC)) return { bytes, kept: bytes }
  if (code === 0xe1 && begins(EXIF)) {
    const reduced = reduceExif(data)
    return { bytes, kept: reduced === data ? bytes : reduced && segmentOf(code, reduced) }
  }
  if (code === 0xe1 && begins(JPEG_XMP)) {
    const xmp = data.subarray(JPEG_XMP.length)
    const reduced = reduceXmp(xmp)
    const kept = reduced === xmp ? bytes : reduced && segmentOf(code, Buffer.from(JPEG_XMP, 'latin1'), reduced)
    return { bytes, kept, xmp }
  }
  if (code === 0xeb && begins(JUMBF) && isManifest(data, manifests)) return { bytes, kept: bytes, manifest: data }
  return { bytes }
}

/** The first piece of a box tells whose it is; the others have its number. */
function isManifest(data: Buffer, manifests: Set<number>): boolean {
  if (data.length < 8) return false
  const box = data.readUInt16BE(2)
  if (data.readUInt32BE(4) === 1 && data.subarray(0, DESCRIPTION_BYTES).includes('jumdc2pa')) manifests.add(box)
  return manifests.has(box)
}

/** A thumbnail, or whatever else follows what a segment must have, is left out. */
function cutTo(length: number, bytes: Buffer): Buffer | undefined {
  const data = bytes.subarray(4)
  if (data.length < length) return undefined
  if (data.length === length) return bytes
  const head = Buffer.from(data.subarray(0, length))
  if (length === JFIF_BYTES) head.writeUInt16BE(0, 12)
  return segmentOf(bytes[1] ?? 0, head)
}

export function segmentOf(code: number, ...data: Buffer[]): Buffer {
  const segment = Buffer.concat([Buffer.from([0xff, code, 0, 0]), ...data])
  segment.writeUInt16BE(segment.length - 2, 2)
  return segment
}
