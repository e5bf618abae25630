import { crc32 } from 'node:zlib'
import sharp from 'sharp'
import { decode, leftHalfTransparent, plainPng } from '../support/pictures.ts'

const SIDE = { width: 64, height: 64 }

export type Picture = 'png' | 'jpeg' | 'webp'

export const blob = (bytes: Uint8Array, type = 'image/png') => new Blob([Uint8Array.from(bytes)], { type })

export const photo = (): Promise<Buffer> => plainPng(SIDE, [200, 80, 40])
export const photoAs = async (format: Picture): Promise<Buffer> =>
  sharp(await photo())
    .toFormat(format)
    .toBuffer()
/** Transparent on the left: change there. */
export const mask = (): Promise<Buffer> => leftHalfTransparent(SIDE)
export const animated = (): Promise<Buffer> =>
  sharp({ create: { ...SIDE, channels: 3, background: '#123' } })
    .gif()
    .toBuffer()

/** A photo of which one pixel is a little translucent, as editors leave them. */
export async function almostOpaque(): Promise<Buffer> {
  const pixels = Buffer.alloc(SIDE.width * SIDE.height * 4)
  for (let at = 0; at < pixels.length; at += 4) pixels.set([200, 80, 40, at === 0 ? 250 : 255], at)
  return sharp(pixels, { raw: { ...SIDE, channels: 4 } })
    .png()
    .toBuffer()
}

/** How much of the plain photo is in a picture as it was, 0 … 1. */
export const unchangedShare = async (image: Buffer): Promise<number> => (await decode(image)).share([200, 80, 40])

/** A baseline JPEG whose scan header says what baseline has no use for, as some phones write it (Se 0 instead of 63). */
export async function oddScanJpeg(): Promise<Buffer> {
  const bytes = await photoAs('jpeg')
  const scan = bytes.indexOf(Buffer.from([0xff, 0xda]))
  const length = bytes.readUInt16BE(scan + 2)
  bytes[scan + 2 + length - 2] = 0
  return bytes
}

/** A JPEG of 64 × 32 lying on its side whose EXIF gives the orientation as a LONG, where the standard says SHORT. */
export async function longOrientationJpeg(): Promise<Buffer> {
  const bytes = await sharp(await plainPng({ width: 64, height: 32 }, [200, 80, 40]))
    .jpeg()
    .toBuffer()
  const entry = Buffer.alloc(12)
  entry.writeUInt16BE(0x0112, 0)
  entry.writeUInt16BE(4, 2)
  entry.writeUInt32BE(1, 4)
  entry.writeUInt32BE(6, 8)
  const header = Buffer.from([0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1])
  const exif = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), header, entry, Buffer.alloc(4)])
  const length = Buffer.alloc(2)
  length.writeUInt16BE(exif.length + 2)
  return Buffer.concat([bytes.subarray(0, 2), Buffer.from([0xff, 0xe1]), length, exif, bytes.subarray(2)])
}

function pngChunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, check])
}

/** A sound PNG that says of itself to be this large, though there is little in it. */
export function hugePng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([
    signature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', Buffer.alloc(8)),
    pngChunk('IEND', Buffer.alloc(0))
  ])
}

/** The photo with so many bytes of no meaning in it. */
export async function heavyPng(bytes: number): Promise<Buffer> {
  const png = await photo()
  const behindHeader = 8 + 25
  return Buffer.concat([
    png.subarray(0, behindHeader),
    pngChunk('teSt', Buffer.alloc(bytes)),
    png.subarray(behindHeader)
  ])
}
