import type { ImageInfo, RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { imageUrl } from './assets.ts'
import { downloadName } from './download-name.ts'

/** Browsers drop downloads that follow each other without a pause, and need the bytes for a while. */
const PAUSE_MS = 300
const KEEP_MS = 60_000

/** Every image as a download of its own. Throws when one cannot be fetched. */
export async function downloadImages(request: RequestSummary, images: readonly ImageInfo[]): Promise<void> {
  for (const [index, image] of images.entries()) {
    if (index > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    const response = await fetch(imageUrl(image.id))
    if (!response.ok) throw new Error('The image cannot be fetched. Try again in a moment.')
    // A link to the image itself would be given the name that the server has for it.
    const url = URL.createObjectURL(await response.blob())
    const link = document.createElement('a')
    link.href = url
    link.download = downloadName(request, image)
    link.click()
    setTimeout(() => URL.revokeObjectURL(url), KEEP_MS)
  }
}
