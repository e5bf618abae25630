import { imageUrl, thumbnailUrl } from '../../../lib/assets.ts'
import type { MaskOperation } from '../mask/mask-operations.ts'

/** Where an image's bytes are: on this machine, or stored on the server as an asset. */
export type ImageOrigin = { file: File } | { assetId: string }

/** A source image as a browser shows it: sizes are those after EXIF orientation. */
export interface SourceImage {
  /** Unlike any other of this tab. */
  key: string
  name: string
  width: number
  height: number
  origin: ImageOrigin
  /** What an `img` shows. */
  url: string
  /** Used while the image is the first one. */
  mask?: SourceMask
}

/** Transparent (alpha 0) where the image shall change; of the size of its image. */
export interface SourceMask {
  origin: ImageOrigin
  url: string
  /** How it was painted here, on top of `base`, so that painting can go on. */
  operations: readonly MaskOperation[]
  /** The mask that painting began with. */
  base?: string
}

const WIDEST_THUMBNAIL = 2048

/** Enough to use a stored image as a source without its bytes. */
export interface StoredImage {
  id: string
  width: number
  height: number
}

export const fromAsset = ({ id, width, height }: StoredImage): SourceImage => ({
  key: newKey(),
  name: `${id}.png`,
  width,
  height,
  origin: { assetId: id },
  // Upright, whatever the browser makes of the original's EXIF.
  url: thumbnailUrl(id, WIDEST_THUMBNAIL)
})

export const maskFromAsset = (assetId: string): SourceMask => ({
  origin: { assetId },
  url: imageUrl(assetId),
  operations: [],
  base: imageUrl(assetId)
})

/** 128 random bits; `crypto.randomUUID` is missing on pages served over plain HTTP. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
