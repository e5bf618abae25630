import { MAX_PARTS, tooManyParts } from '../byte-feed.ts'
import { damaged } from '../image-rejected.ts'
import { lengthOf } from '../../lib/length-of.ts'
import type { FilePart } from './file-parts.ts'
import { reduceExif } from './reduce-exif.ts'
import { reduceXmp } from './source-type.ts'

const FILE_HEADER_BYTES = 12
export const CHUNK_HEADER_BYTES = 8
const PICTURE_CHUNKS = ['VP8X', 'VP8 ', 'VP8L', 'ALPH', 'ICCP']
/** In the first byte of the canvas header. */
const EXIF_FLAG = 0x08
export const XMP_FLAG = 0x04

/** The chunks of a WebP, of which the headers tell what is left. @throws ImageRejected `damaged` */
export function webpParts(image: Buffer): FilePart[] {
  const header = image.subarray(0, FILE_HEADER_BYTES)
  if (header.length < FILE_HEADER_BYTES) throw damaged('it ends too early')
  const end = CHUNK_HEADER_BYTES + header.readUInt32LE(4)
  if (end > image.length) throw damaged('it ends too early')
  const chunks = [...readChunks(image.subarray(0, end))]
  if (chunks.every(({ bytes, kept }) => kept === bytes)) return [{ bytes: header, kept: header }, ...chunks]
  const told = chunks.map((part) =>
    webpChunkType(part.bytes) === 'VP8X' ? { ...part, kept: flagged(part, chunks) } : part
  )
  const size = lengthOf(told.flatMap(({ kept }) => kept ?? [])) + 'WEBP'.length
  const kept = Buffer.from(header)
  kept.writeUInt32LE(size, 4)
  return [{ bytes: header, kept }, ...told]
}

export const webpChunkType = (chunk: Buffer): string => chunk.toString('latin1', 0, 4)

function* readChunks(file: Buffer): Generator<FilePart> {
  let at = FILE_HEADER_BYTES
  for (let parts = 0; at < file.length; parts++) {
    if (parts === MAX_PARTS) throw tooManyParts()
    if (at + CHUNK_HEADER_BYTES > file.length) throw damaged('its length is wrong')
    const length = file.readUInt32LE(at + 4)
    const dataAt = at + CHUNK_HEADER_BYTES
    if (dataAt + length > file.length) throw damaged('a chunk is longer than the file')
    const end = Math.min(dataAt + length + (length % 2), file.length)
    yield partOf(file.subarray(at, end), file.subarray(dataAt, dataAt + length))
    at = end
  }
}

function partOf(bytes: Buffer, data: Buffer): FilePart {
  const type = webpChunkType(bytes)
  if (PICTURE_CHUNKS.includes(type)) return { bytes, kept: bytes }
  if (type === 'C2PA') return { bytes, kept: bytes, manifest: data }
  if (type !== 'EXIF' && type !== 'XMP ') return { bytes }
  const reduced = type === 'EXIF' ? reduceExif(data) : reduceXmp(data)
  const kept = reduced === data ? bytes : reduced && webpChunkOf(type, reduced)
  return { bytes, kept, ...(type === 'XMP ' && { xmp: data }) }
}

/** The canvas header with the flags of what is left. */
function flagged({ bytes }: FilePart, chunks: readonly FilePart[]): Buffer {
  const left = chunks.filter(({ kept }) => kept !== undefined).map((chunk) => webpChunkType(chunk.bytes))
  const header = Buffer.from(bytes)
  const others = (header[CHUNK_HEADER_BYTES] ?? 0) & ~(EXIF_FLAG | XMP_FLAG)
  header[CHUNK_HEADER_BYTES] = others | (left.includes('EXIF') ? EXIF_FLAG : 0) | (left.includes('XMP ') ? XMP_FLAG : 0)
  return header
}

export function webpChunkOf(type: string, data: Buffer): Buffer {
  const header = Buffer.alloc(CHUNK_HEADER_BYTES)
  header.write(type, 'latin1')
  header.writeUInt32LE(data.length, 4)
  return Buffer.concat([header, data, Buffer.alloc(data.length % 2)])
}
