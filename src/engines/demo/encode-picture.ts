import { openPixels } from '../../images/decode-image.ts'
import type { OutputFormat } from '../../images/media-types.ts'
import type { Picture } from './picture.ts'

const open = ({ pixels, ...layout }: Picture) => openPixels(pixels, layout)

/** `compression` is OpenAI's `output_compression`, which is the quality 0 … 100 of a jpeg or webp. */
export function encodePicture(picture: Picture, format: OutputFormat, compression?: number): Promise<Buffer> {
  const quality = Math.min(100, Math.max(1, Math.round(compression ?? 90)))
  switch (format) {
    case 'png':
      // Grain does not compress: a higher level takes three times as long for a few percent.
      return open(picture).png({ compressionLevel: 4 }).toBuffer()
    case 'jpeg':
      return open(picture).flatten({ background: '#fff' }).jpeg({ quality }).toBuffer()
    case 'webp':
      return open(picture).webp({ quality, effort: 2 }).toBuffer()
  }
}

export const encodePreview = (picture: Picture): Promise<Buffer> => open(picture).jpeg({ quality: 70 }).toBuffer()
