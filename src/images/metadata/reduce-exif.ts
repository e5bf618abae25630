import { exifOrientation } from '../exif-orientation.ts'

const PREFIX = 'Exif\0\0'
const HEADER_BYTES = 8
const ENTRY_BYTES = 12
/** Of a block of numbers alone. */
const MAX_ENTRIES = 20
/** SHORT and LONG lie in their entry; the two kinds of RATIONAL take 8 bytes elsewhere. */
const BYTES_ELSEWHERE: Readonly<Record<number, number>> = { 3: 0, 4: 0, 5: 8, 10: 8 }
/** Entries that lead to other directories: EXIF's own, positions, and interoperability. */
const POINTERS = [0x8769, 0x8825, 0xa005]
const ORIENTATION = 0x0112
const SHORT = 3

/**
 * What of an EXIF block may go on: all of it, the same buffer, when it holds single numbers and nothing else (orientation,
 * resolution); of any other the orientation alone, and undefined when the picture stands upright.
 */
export function reduceExif(block: Buffer): Buffer | undefined {
  const hasPrefix = block.toString('latin1', 0, PREFIX.length) === PREFIX
  if (holdsNumbersAlone(hasPrefix ? block.subarray(PREFIX.length) : block)) return block
  const orientation = exifOrientation(block) ?? 1
  if (orientation === 1) return undefined
  return Buffer.concat([Buffer.from(hasPrefix ? PREFIX : '', 'latin1'), exifOfOrientation(orientation)])
}

/** Every byte is accounted for: what no entry speaks of could be anything. */
function holdsNumbersAlone(tiff: Buffer): boolean {
  const byteOrder = tiff.toString('latin1', 0, 4)
  if ((byteOrder !== 'II*\0' && byteOrder !== 'MM\0*') || tiff.length < HEADER_BYTES + 2 + 4) return false
  const isLittle = byteOrder === 'II*\0'
  const uint16 = (at: number) => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  const uint32 = (at: number) => (isLittle ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at))
  const entries = uint16(HEADER_BYTES)
  const end = HEADER_BYTES + 2 + entries * ENTRY_BYTES
  if (uint32(4) !== HEADER_BYTES || entries > MAX_ENTRIES || tiff.length < end + 4 || uint32(end) !== 0) return false
  let accounted = end + 4
  for (let at = HEADER_BYTES + 2; at < end; at += ENTRY_BYTES) {
    const elsewhere = BYTES_ELSEWHERE[uint16(at + 2)]
    if (elsewhere === undefined || uint32(at + 4) !== 1 || POINTERS.includes(uint16(at))) return false
    accounted += elsewhere
  }
  return tiff.length <= accounted
}

function exifOfOrientation(orientation: number): Buffer {
  const block = Buffer.alloc(HEADER_BYTES + 2 + ENTRY_BYTES + 4)
  block.write('MM\0*', 'latin1')
  block.writeUInt32BE(HEADER_BYTES, 4)
  block.writeUInt16BE(1, 8)
  block.writeUInt16BE(ORIENTATION, 10)
  block.writeUInt16BE(SHORT, 12)
  block.writeUInt32BE(1, 14)
  block.writeUInt16BE(orientation, 18)
  return block
}
