import { useState } from 'react'
import type { ImageInfo, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { isUnfinished } from '../../../lib/one-request.ts'

/** A place for an image: filled, or waiting for it. */
export interface Picture {
  position: number
  image: ImageInfo | undefined
}

/** While a request runs each image has its place; afterwards there are only those that came. */
export function picturesOf({ status, n, images }: Pick<RequestSummary, 'status' | 'n' | 'images'>): Picture[] {
  if (!isUnfinished(status)) return images.map((image) => ({ position: image.position, image }))
  return Array.from({ length: n }, (_, position) => ({
    position,
    image: images.find((image) => image.position === position)
  }))
}

/** The images of a request and the one that is looked at, which stays the same when others come or fail. */
export function usePictures(request: RequestSummary) {
  const [position, setPosition] = useState(0)
  const pictures = picturesOf(request)
  const index = Math.max(
    0,
    pictures.findIndex((one) => one.position === position)
  )
  const choose = (next: number) => setPosition(pictures[next]?.position ?? 0)
  return { pictures, index, choose, image: pictures[index]?.image }
}
