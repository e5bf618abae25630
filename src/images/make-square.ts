import { inspectSource, scaleUpright, whenDecoded } from './decode-image.ts'

/**
 * The middle of an image as a square png of `side` × `side` pixels: upright, 8-bit sRGB, without metadata; enlarged when it
 * is smaller. What comes out is encoded here, whatever else was in the bytes.
 *
 * @throws ImageRejected when the bytes are no png, jpeg or webp, have more than `maxPixels`, or do not decode.
 */
export async function makeSquare(
  original: Buffer,
  { side, maxPixels }: { side: number; maxPixels: number }
): Promise<Buffer> {
  const facts = await inspectSource(original, maxPixels)
  const scaled = await whenDecoded(scaleUpright(original, facts, { width: side, height: side, fit: 'cover' }))
  return whenDecoded(scaled.png({ compressionLevel: 9 }).toBuffer())
}
