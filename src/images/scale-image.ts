import { inspectSource, scaleUpright, whenDecoded } from './decode-image.ts'
import type { Size } from './image-request.ts'

/**
 * The image at exactly that size, upright, as a png; stretched where its proportions are others.
 *
 * @throws ImageRejected
 */
export async function scaleImage(image: Buffer, size: Size, maxPixels: number): Promise<Buffer> {
  const scaled = await whenDecoded(scaleUpright(image, await inspectSource(image, maxPixels), { ...size, fit: 'fill' }))
  return whenDecoded(scaled.png().toBuffer())
}
