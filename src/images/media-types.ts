export const OUTPUT_FORMATS = ['png', 'jpeg', 'webp'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

export type ImageMediaType = 'image/png' | 'image/jpeg' | 'image/webp'

export const mediaTypeOfFormat = (format: OutputFormat): ImageMediaType => `image/${format}`

export const formatOfMediaType = (mediaType: ImageMediaType): OutputFormat =>
  mediaType.slice('image/'.length) as OutputFormat

export const isImageMediaType = (text: string): text is ImageMediaType =>
  text === 'image/png' || text === 'image/jpeg' || text === 'image/webp'
