/** How much of an EXIF block is looked at; a JPEG cannot hold more, and the first directory lies at its beginning. */
export const MAX_EXIF_BYTES = 65_536

const ORIENTATION_TAG = 0x0112
const [BYTE, SHORT, LONG] = [1, 3, 4]
const ENTRY_BYTES = 12
const PREFIX = 'Exif\0\0'

/**
 * The one reading of an orientation, which everything that stands an image upright goes by: the 1 – 8 that an EXIF block (a
 * TIFF header, with or without "Exif\0\0" before it) gives in its first directory; undefined when it gives none or is not
 * readable, which viewers do not mind either.
 */
export function exifOrientation(block: Buffer): number | undefined {
  const tiff = block.toString('latin1', 0, PREFIX.length) === PREFIX ? block.subarray(PREFIX.length) : block
  const byteOrder = tiff.toString('latin1', 0, 2)
  if (tiff.length < 8 || (byteOrder !== 'II' && byteOrder !== 'MM')) return undefined

  const little = byteOrder === 'II'
  const uint16 = (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const uint32 = (at: number) => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at))
  const directory = uint32(4)
  if (directory + 2 > tiff.length) return undefined

  const entries = uint16(directory)
  for (let index = 0; index < entries; index++) {
    const entry = directory + 2 + index * ENTRY_BYTES
    if (entry + ENTRY_BYTES > tiff.length) return undefined
    if (uint16(entry) !== ORIENTATION_TAG) continue
    const type = uint16(entry + 2)
    // EXIF asks for a SHORT; some programs write a LONG.
    const value =
      type === SHORT ? uint16(entry + 8) : type === LONG ? uint32(entry + 8) : type === BYTE ? tiff[entry + 8] : 0
    return value !== undefined && value >= 1 && value <= 8 ? value : undefined
  }
  return undefined
}
