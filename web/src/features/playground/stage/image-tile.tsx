import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ImageOff } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { ImageInfo, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { ProgressBar } from '../../../components/ui/progress-bar.tsx'
import { thumbnailSet, thumbnailUrl } from '../../../lib/assets.ts'
import { imageProgress } from '../../../lib/image-progress.ts'
import { useLiveImage } from '../../../lib/live-images.ts'
import { useServerTime } from '../../../lib/time-left.ts'
import { idleText, madeSince } from '../../../lib/wait-words.ts'
import { dragImage } from '../sources/dragged-image.ts'
import type { Size } from '../sizes.ts'
import { fillsFrame, type Tile } from './tiles.ts'

export interface ImageTileProps {
  request: RequestSummary
  tile: Tile
  /** The shape of its place; without one it fills what is left to it, and is cut. */
  frame: Size | undefined
  /** For `sizes`: how wide it is shown. */
  sizes: string
  /** Shown above a finished image. */
  actions: ReactNode
}

/** The place of one image, from the first moment on as large as it will be. */
export function ImageTile({ request, tile, frame, sizes, actions }: ImageTileProps) {
  const live = useLiveImage(request.id, tile.position)
  const last = useLast(live?.preview)
  // Of one that has to wait anew nothing is there any more.
  const waits = tile.state === 'pending' && madeSince(request, tile.position) === undefined
  const preview = waits ? undefined : last
  return (
    <li
      className={clsx(
        'group relative overflow-hidden bg-sunken',
        frame ? 'rounded-xl ring-1 ring-line' : 'size-full min-h-0'
      )}
      style={frame && { aspectRatio: `${frame.width} / ${frame.height}` }}
    >
      {/* Stays below the finished image until that is loaded. */}
      {preview !== undefined && (
        <img src={preview} alt="" className="absolute inset-0 size-full scale-105 object-cover blur-sm" />
      )}
      {tile.state === 'pending' && (
        <Pending
          request={request}
          position={tile.position}
          hasPreview={preview !== undefined}
          isSmall={!frame && request.n > 1}
        />
      )}
      {tile.state === 'missing' && (
        <p className="flex size-full flex-col items-center justify-center gap-2 p-3 text-center text-[13px] text-muted">
          <ImageOff className="size-5" aria-hidden />
          {frame && (request.status === 'canceled' ? 'Canceled' : 'Not made')}
        </p>
      )}
      {tile.image && (
        <>
          <Finished request={request} image={tile.image} frame={frame} sizes={sizes} />
          {actions}
        </>
      )}
    </li>
  )
}

interface FinishedProps extends Pick<ImageTileProps, 'request' | 'frame' | 'sizes'> {
  image: ImageInfo
}

function Finished({ request, image, frame, sizes }: FinishedProps) {
  const [loaded, setLoaded] = useState(false)
  const name = request.prompt || 'Variation'
  return (
    <Link
      to="/requests/$id"
      params={{ id: request.id }}
      className="absolute inset-0 rounded-xl outline-offset-[-3px]!"
      aria-label={`Open image ${image.position + 1} of ${request.n}`}
      onDragStart={({ dataTransfer }) => dragImage(dataTransfer, image.id)}
    >
      <img
        src={thumbnailUrl(image.id, 1024)}
        srcSet={thumbnailSet(image.id, widthsFor(image))}
        sizes={sizes}
        width={image.width}
        height={image.height}
        alt={name}
        decoding="async"
        onLoad={() => setLoaded(true)}
        onError={() => setLoaded(true)}
        className={clsx(
          'size-full transition-opacity duration-500',
          !frame || fillsFrame(image, frame) ? 'object-cover' : 'bg-sunken object-contain',
          !loaded && 'opacity-0'
        )}
      />
    </Link>
  )
}

/** As the server makes them; none is wider than the image itself. */
const widthsFor = ({ width }: ImageInfo): number[] => [256, 512, 1024, 2048].filter((one) => one < width * 2)

interface PendingProps {
  request: RequestSummary
  position: number
  hasPreview: boolean
  /** Too small for words. */
  isSmall: boolean
}

function Pending({ request, position, hasPreview, isSmall }: PendingProps) {
  const told = imageProgress(request, useLiveImage(request.id, position))
  const isMade = madeSince(request, position) !== undefined
  const now = useServerTime()
  // Why is said above the grid, once for all of them.
  const waits = request.n > 1 && !isMade && request.wait !== null
  const text = told?.words ?? (waits ? 'Waiting' : idleText(request, position, now))
  return (
    <>
      {!hasPreview && <div aria-hidden className={clsx('absolute inset-0 bg-hover', isMade && 'animate-pulse')} />}
      <div
        className={clsx(
          'absolute flex flex-col gap-1.5 rounded-lg bg-black/60 text-xs font-medium text-white',
          isSmall ? 'inset-x-1.5 bottom-1.5 p-1.5' : 'inset-x-3 bottom-3 px-3 py-2'
        )}
      >
        {!isSmall && <span className="line-clamp-2 tabular-nums">{text}</span>}
        <ProgressBar
          percent={told?.percent ?? 0}
          isEstimated={told?.isEstimated}
          label={`Image ${position + 1}`}
          className="bg-white/25! [&>div]:bg-white!"
        />
      </div>
    </>
  )
}

/** The last value there was. */
function useLast<T>(value: T | undefined): T | undefined {
  const [last, setLast] = useState(value)
  if (value !== undefined && value !== last) setLast(value)
  return value ?? last
}
