import type { ImageMediaType } from '../images/media-types.ts'

/** What the row of an image says of its bytes. */
export interface StoredFacts {
  mediaType: ImageMediaType
  bytes: number
  sha256: string
  /** As a viewer shows it, after EXIF orientation. */
  width: number
  height: number
  /** There is an alpha channel or a transparent colour. */
  hasAlpha: boolean
}

/** The columns of that row which hold them. */
export const factColumns = ({ mediaType, bytes, sha256, width, height, hasAlpha }: StoredFacts) => ({
  media_type: mediaType,
  bytes,
  sha256,
  width,
  height,
  has_alpha: Number(hasAlpha)
})
