import { clsx } from 'clsx'
import type { ImageInfo, RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { StoredImage } from '../../components/stored-image.tsx'
import { ProgressBar } from '../../components/ui/progress-bar.tsx'
import { imageProgress } from '../../lib/image-progress.ts'
import { useLiveImage } from '../../lib/live-images.ts'
import { madeSince } from '../../lib/wait-words.ts'
import { isUnfinished } from '../../lib/one-request.ts'

export interface TileImageProps {
  request: RequestSummary
  /** Of the image; which of those there are when the request has ended. */
  index: number
  /** Pixels. */
  width: number
}

/** One image of a request, or how far it is. */
export function TileImage({ request, index, width }: TileImageProps) {
  const image = imageAt(request, index)
  if (image) {
    return <StoredImage image={image} alt="" sizes={`${Math.ceil(width)}px`} className="size-full object-cover" />
  }
  return <UnfinishedImage request={request} position={index} />
}

/** While a request runs each image has its place; afterwards those that failed leave none. */
export const imageAt = ({ status, images }: RequestSummary, index: number): ImageInfo | undefined =>
  isUnfinished(status) ? images.find(({ position }) => position === index) : images[index]

export function UnfinishedImage({ request, position }: { request: RequestSummary; position: number }) {
  const live = useLiveImage(request.id, position)
  const told = imageProgress(request, live)
  const isMade = madeSince(request, position) !== undefined
  return (
    <span aria-hidden className="relative block size-full overflow-hidden bg-sunken">
      {live?.preview === undefined ? (
        <span className={clsx('block size-full bg-hover', isMade && 'animate-pulse')} />
      ) : (
        <img src={live.preview} alt="" className="size-full object-cover" draggable={false} />
      )}
      {told && (
        <ProgressBar
          percent={told.percent}
          isEstimated={told.isEstimated}
          label={`Image ${position + 1}`}
          className="absolute inset-x-0 bottom-0 h-1! rounded-none!"
        />
      )}
    </span>
  )
}
