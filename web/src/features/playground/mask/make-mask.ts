import type { Size } from '../sizes.ts'
import type { SourceMask } from '../sources/source-image.ts'
import { encodeMask } from './encode-mask.ts'
import type { MaskOperation } from './mask-operations.ts'
import { rasterizeMask } from './rasterize-mask.ts'

/** The mask as it is sent, of exactly the image's size; undefined when nothing would change. */
export async function makeMask(options: {
  image: Size
  operations: readonly MaskOperation[]
  base: HTMLImageElement | null
}): Promise<SourceMask | undefined> {
  const { image, operations, base } = options
  const size = { width: image.width, height: image.height }
  const pixels = rasterizeMask({ size, operations, ...(base && { base: readBase(base, size) }) })
  if (!pixels.includes(1)) return undefined
  const file = new File([await encodeMask(pixels, size)], 'mask.png', { type: 'image/png' })
  return { origin: { file }, url: URL.createObjectURL(file), operations, ...(base && { base: base.src }) }
}

/** A mask that was sent before, in the form that masks are painted in. */
function readBase(base: HTMLImageElement, { width, height }: Size): Uint8Array {
  const context = new OffscreenCanvas(width, height).getContext('2d')
  if (!context) throw new Error('This browser cannot draw on an image of this size.')
  context.drawImage(base, 0, 0, width, height)
  const { data } = context.getImageData(0, 0, width, height)
  return Uint8Array.from({ length: width * height }, (_, index) => ((data[index * 4 + 3] ?? 255) < 128 ? 1 : 0))
}
