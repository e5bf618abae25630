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
  return (
    <div className="relative max-w-full" style={fitting(size)}>
      <Underway request={request} position={picture.position} />
    </div>
  )
}

function Underway({ request, position }: { request: RequestSummary; position: number }) {
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
      {live?.preview === undefined ? (
        <span className="flex size-full items-center justify-center text-faint">
          {waits ? (
            <Clock className="size-7 opacity-70" aria-hidden />
          ) : (
            <span className="absolute inset-0 animate-pulse bg-hover" />
          )}
        </span>
      ) : (
        <img src={live.preview} alt="A preview" className="size-full object-cover" draggable={false} />
      )}
      <div className="absolute inset-x-4 bottom-4 flex flex-col gap-2 rounded-xl border border-line bg-raised/90 px-4 py-3">
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
