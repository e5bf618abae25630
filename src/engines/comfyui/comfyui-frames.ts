import { members, parseJson } from '../upstream-text.ts'

/** A picture that came over the WebSocket, on the way or finished. */
export interface PictureFrame {
  bytes: Buffer
  mediaType: 'image/jpeg' | 'image/png'
  /** The node it is of, where the frame says so. */
  node?: string
  job?: string
}

const PREVIEW = 1
const PREVIEW_WITH_METADATA = 4
const MAX_METADATA_BYTES = 64 * 1024
const FORMATS = ['image/jpeg', 'image/png'] as const

/**
 * A binary frame: a 32-bit kind (big-endian), and for kind 1 a 32-bit format (1 = jpeg, 2 = png) before the picture, for
 * kind 4 the length of a block of JSON, that block and the picture. Undefined for every other kind, and what is cut short.
 */
export function parseFrame(frame: Buffer): PictureFrame | undefined {
  if (frame.length <= 8) return undefined
  const kind = frame.readUInt32BE(0)
  const second = frame.readUInt32BE(4)
  if (kind === PREVIEW) {
    const mediaType = FORMATS[second - 1]
    return mediaType && { bytes: frame.subarray(8), mediaType }
  }
  if (kind !== PREVIEW_WITH_METADATA || second > MAX_METADATA_BYTES || frame.length <= 8 + second) return undefined
  const told = members(parseJson(frame.subarray(8, 8 + second).toString()))
  const { image_type: type, node_id: node, prompt_id: job } = told
  const mediaType = FORMATS.find((one) => one === type)
  return (
    mediaType && {
      bytes: frame.subarray(8 + second),
      mediaType,
      ...(typeof node === 'string' && { node }),
      ...(typeof job === 'string' && { job })
    }
  )
}
