import { ProgressBar } from '../../components/ui/progress-bar.tsx'
import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { imageProgress } from '../../lib/image-progress.ts'
import { useLiveImage } from '../../lib/live-images.ts'
import { useServerTime, useTimeLeft } from '../../lib/time-left.ts'
import { reasonText } from '../../lib/wait-words.ts'
import { etaText, progressText } from './queue-words.ts'

/** With more images one bar for all is easier to read than many short ones. */
const MOST_BARS = 8

/** How far a running request is: a bar for each image, and in words. */
export function RequestProgress({ request }: { request: RequestSummary }) {
  const first = useLiveImage(request.id, 0)
  const now = useServerTime()
  const timed = useTimeLeft(request)
  const parts = [progressText(timed, first, now), reasonText(request, now), etaText(timed)]
  const words = parts.filter((part) => part !== null)
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex gap-1">
        {request.n > MOST_BARS ? (
          <ProgressBar percent={request.progress} label="All images" className="flex-1" />
        ) : (
          Array.from({ length: request.n }, (_, position) => (
            <ImageBar key={position} request={request} position={position} />
          ))
        )}
      </div>
      <p className="text-xs text-muted tabular-nums">{words.join(' · ')}</p>
    </div>
  )
}

function ImageBar({ request, position }: { request: RequestSummary; position: number }) {
  const told = imageProgress(request, useLiveImage(request.id, position))
  const isDone = request.images.some((image) => image.position === position)
  return (
    <ProgressBar
      percent={isDone ? 100 : (told?.percent ?? 0)}
      isEstimated={!isDone && told?.isEstimated}
      label={`Image ${position + 1}`}
      className="flex-1"
    />
  )
}
