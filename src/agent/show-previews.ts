import { makePreview } from '../images/make-preview.ts'
import { inBackground } from '../lib/async.ts'

export interface PreviewShowing {
  /** Of what an engine shows, so that its decoding has bounds. */
  maxPixels: number
  show: (preview: { bytes: Buffer; mediaType: string }) => void
  /** The image is there, or nobody wants it any more: nothing is shown from then on. */
  isOver: () => boolean
  onError: (error: unknown) => void
}

/**
 * Takes the previews of one image and shows them as small as they must be, in their order. Making one small takes a moment: of
 * those that come meanwhile the newest is next, and the others are dropped.
 */
export function createPreviewShower({ maxPixels, show, isOver, onError }: PreviewShowing): (image: Uint8Array) => void {
  let next: Buffer | undefined
  let isWorking = false
  const work = async () => {
    try {
      while (next && !isOver()) {
        const image = next
        next = undefined
        const preview = await makePreview(image, maxPixels)
        if (preview && !isOver()) show(preview)
      }
    } finally {
      isWorking = false
    }
  }
  return (image) => {
    next = Buffer.from(image)
    if (isWorking) return
    isWorking = true
    inBackground(work(), onError)
  }
}
