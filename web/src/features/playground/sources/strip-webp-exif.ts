const CHUNK_HEADER = 8
const RIFF_HEADER = 12
/** Of the flags in `VP8X`: there is an EXIF chunk. */
const HAS_EXIF = 0x08

/**
 * A WebP file without its EXIF chunk; what is no WebP, or has none, comes back as it is. Browsers do not turn a WebP as
 * its EXIF says but the server does: without it both see the same picture, and a mask painted here fits there.
 */
export async function stripWebpExif(file: File): Promise<File> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const view = new DataView(bytes.buffer)
  if (nameAt(bytes, 0) !== 'RIFF' || nameAt(bytes, 8) !== 'WEBP') return file
  const kept: Uint8Array<ArrayBuffer>[] = [bytes.slice(0, RIFF_HEADER)]
  let found = false
  for (let at = RIFF_HEADER; at + CHUNK_HEADER <= bytes.length;) {
    const length = view.getUint32(at + 4, true)
    // Chunks of odd length are padded.
    const end = at + CHUNK_HEADER + length + (length % 2)
    const name = nameAt(bytes, at)
    if (name === 'EXIF') found = true
    else kept.push(withoutFlag(bytes.slice(at, end), name))
    at = end
  }
  if (!found) return file
  const size = kept.reduce((sum, part) => sum + part.length, 0)
  new DataView((kept[0] as Uint8Array<ArrayBuffer>).buffer).setUint32(4, size - CHUNK_HEADER, true)
  return new File(kept, file.name, { type: file.type })
}

function withoutFlag(chunk: Uint8Array<ArrayBuffer>, name: string): Uint8Array<ArrayBuffer> {
  if (name === 'VP8X') chunk[CHUNK_HEADER] = (chunk[CHUNK_HEADER] ?? 0) & ~HAS_EXIF
  return chunk
}

const nameAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4))
