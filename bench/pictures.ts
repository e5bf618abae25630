import { randomBytes } from 'node:crypto'
import sharp from 'sharp'
import { pngChunk } from '../tests/support/test-images.ts'

/** A picture of which any number can be had that differ in one line of text, so that no two have the same bytes. */
export interface Picture {
  name: string
  /** Of each. */
  bytes: number
  /** Without the last: what all have in common, a multiple of three bytes so that its base64 has no padding. */
  head: Buffer
  /** What makes the picture that number's. */
  tail(number: number): Buffer
}

/** A chunk without data, the last of every PNG. */
const IEND_BYTES = 12
const DIGITS = 12

/** A PNG of noise, as photos and paintings are to whoever compresses: `side` × `side` pixels take 3 × side² bytes. */
export async function noisePicture(name: string, side: number): Promise<Picture> {
  const raw = { width: side, height: side, channels: 3 as const }
  const png = await sharp(randomBytes(side * side * 3), { raw })
    .png({ compressionLevel: 0 })
    .toBuffer()
  const body = png.subarray(0, -IEND_BYTES)
  const head = body.subarray(0, body.length - (body.length % 3))
  const rest = body.subarray(head.length)
  const tail = (number: number): Buffer => {
    const text = `Comment\0${String(number).padStart(DIGITS, '0')}`
    return Buffer.concat([rest, pngChunk('tEXt', Buffer.from(text, 'latin1')), png.subarray(-IEND_BYTES)])
  }
  return { name, bytes: head.length + tail(0).length, head, tail }
}

/** Its pieces, of which the first is shared by all. */
export const pictureOf = ({ head, tail }: Picture, number: number): Buffer[] => [head, tail(number)]
