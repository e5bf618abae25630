export const OUTPUT_FORMATS = ['png', 'jpeg', 'webp'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** As clients write it (`JPEG`, `jpg`, `image/webp`, `.png`) → as this product does; what is none of them stays no format. */
export function spellFormat(text: string): string {
  const name = text
    .trim()
    .toLowerCase()
    .replace(/^(?:image\/|\.)/, '')
  return name === 'jpg' ? 'jpeg' : name
}

export type ImageMediaType = 'image/png' | 'image/jpeg' | 'image/webp'

export const mediaTypeOfFormat = (format: OutputFormat): ImageMediaType => `image/${format}`

export const formatOfMediaType = (mediaType: ImageMediaType): OutputFormat =>
  mediaType.slice('image/'.length) as OutputFormat
