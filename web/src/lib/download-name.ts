import type { ImageInfo, RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'

const MOST_CHARS = 60

/** What a downloaded image is called: the beginning of its prompt, so that it is found again, and its place. */
export function downloadName({ prompt, id, n }: RequestSummary, image: ImageInfo): string {
  const words = prompt
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .slice(0, MOST_CHARS)
    .replace(/^-|-$/g, '')
  const place = n > 1 ? `-${image.position + 1}` : ''
  return `${words || id}${place}.${image.mediaType.replace('image/', '').replace('jpeg', 'jpg')}`
}
