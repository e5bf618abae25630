import { decodeUpright, inspectSource, openPixels, scaleUpright, whenDecoded } from './decode-image.ts'
import { orientedSize } from './image-facts.ts'
import { xmpOfSourceType } from './metadata/source-type.ts'

export interface MaskedEdit {
  /** What the image server made of it. */
  edited: Buffer
  original: Buffer
  /** White = changed, as `encodeWhiteOnBlackPng` makes it. */
  mask: Buffer
  /** That each of them may have. */
  maxPixels: number
  /** The digital source type that the result is marked with. */
  sourceType?: string | undefined
}

/**
 * The edited image inside of the mask and the original outside, a png as large as the edited one. Image servers decode
 * and blur what they should keep, so that all of it comes back a little other than it was.
 *
 * @throws ImageRejected
 */
export async function keepOutsideMask(edit: MaskedEdit): Promise<Buffer> {
  const { edited, original, mask, maxPixels, sourceType } = edit
  const [facts, originalFacts, maskFacts] = await Promise.all(
    [edited, original, mask].map((image) => inspectSource(image, maxPixels))
  )
  if (!facts || !originalFacts || !maskFacts) throw new TypeError('three images have three facts')
  const size = orientedSize(facts)
  const scaling = { ...size, fit: 'fill' } as const
  const inside = await whenDecoded(decodeUpright(edited, facts).ensureAlpha().raw().toBuffer())
  const scaled = await whenDecoded(scaleUpright(original, originalFacts, scaling))
  const outside = await whenDecoded(scaled.ensureAlpha().raw().toBuffer())
  const scaledMask = await whenDecoded(scaleUpright(mask, maskFacts, scaling))
  const change = await whenDecoded(scaledMask.removeAlpha().toColourspace('b-w').raw().toBuffer())
  blend({ inside, outside, change })
  const image = openPixels(outside, { ...size, channels: 4 })
  if (sourceType !== undefined) image.withXmp(xmpOfSourceType(sourceType))
  return whenDecoded((originalFacts.hasAlpha || facts.hasAlpha ? image : image.removeAlpha()).png().toBuffer())
}

/** RGBA each but `change`, which has a byte per pixel: what it says is put into `outside`. */
function blend({ inside, outside, change }: Record<'inside' | 'outside' | 'change', Buffer>): void {
  for (let pixel = 0; pixel < change.length; pixel += 1) {
    const share = change[pixel] ?? 0
    if (share === 0) continue
    for (let at = pixel * 4; at < pixel * 4 + 4; at += 1) {
      const kept = outside[at] ?? 0
      outside[at] = Math.round(kept + (((inside[at] ?? 0) - kept) * share) / 255)
    }
  }
}
