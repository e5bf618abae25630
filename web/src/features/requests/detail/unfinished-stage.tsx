import { Ban, CircleAlert, Clock } from 'lucide-react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { ProgressBar } from '../../../components/ui/progress-bar.tsx'
import { imageProgress } from '../../../lib/image-progress.ts'
import { useLiveImage } from '../../../lib/live-images.ts'
import { useServerTime, useTimeLeft } from '../../../lib/time-left.ts'
import { idleText, madeSince } from '../../../lib/wait-words.ts'
import { isUnfinished } from '../../../lib/one-request.ts'
import { waitWords } from '../request-words.ts'
import { fitting } from './stage-size.ts'
import type { Picture } from './use-pictures.ts'

/** Where an image will be, in its size: how far it is, or that there is none. */
export function UnfinishedStage({ request, picture }: { request: RequestSummary; picture: Picture | undefined }) {
  const size = request.size ?? request.inputs[0] ?? { width: 1024, height: 1024 }
  if (!picture || !isUnfinished(request.status)) return <NoImages hasFailed={request.status === 'failed'} />
  return <Underway request={request} position={picture.position} size={size} />
}

interface UnderwayProps {
  request: RequestSummary
  position: number
  /** Pixels. */
  size: { width: number; height: number }
}

/** What is said of it lies at the foot of the stage, which holds words where the image is too small for them. */
function Underway({ request, position, size }: UnderwayProps) {
  const live = useLiveImage(request.id, position)
  const isQueued = request.status === 'queued'
  const waits = madeSince(request, position) === undefined
  const told = imageProgress(request, live)
  const now = useServerTime()
  const wait = waitWords(useTimeLeft(request), now)
  const words = isQueued
    ? ['Waiting', wait].filter(Boolean).join(': ')
    : (told?.words ?? idleText(request, position, now))
  return (
    <>
      <div className="flex max-w-full items-center justify-center" style={fitting(size)}>
        {live?.preview !== undefined ? (
          <img src={live.preview} alt="A preview" className="size-full object-cover" draggable={false} />
        ) : waits ? (
          <Clock className="size-7 text-faint opacity-70" aria-hidden />
        ) : (
          <span className="size-full animate-pulse bg-hover" />
        )}
      </div>
      <div className="absolute inset-x-4 bottom-4 mx-auto flex max-w-xl flex-col gap-2 rounded-xl border border-line bg-raised/90 px-4 py-3">
        <span className="text-[13px] text-muted tabular-nums">{words}</span>
        {!waits && (
          <ProgressBar percent={told?.percent ?? 0} isEstimated={told?.isEstimated} label={`Image ${position + 1}`} />
        )}
      </div>
    </>
  )
}

function NoImages({ hasFailed }: { hasFailed: boolean }) {
  const Icon = hasFailed ? CircleAlert : Ban
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-24 text-muted">
      <Icon className="size-7 text-faint" aria-hidden />
      {hasFailed ? 'It failed before there was an image.' : 'It was canceled before there was an image.'}
    </div>
  )
}
