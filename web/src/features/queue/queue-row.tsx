import { Link } from '@tanstack/react-router'
import { X } from 'lucide-react'
import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { ImageTiles } from '../../components/image-tiles.tsx'
import { IconButton } from '../../components/ui/icon-button.tsx'
import { RelativeTime } from '../../components/ui/relative-time.tsx'
import { usePerson } from '../../lib/session.ts'
import { useServerTime, useTimeLeft } from '../../lib/time-left.ts'
import { reasonText } from '../../lib/wait-words.ts'
import { useCancelRequest } from './api.ts'
import { countImages, etaText, turnText } from './queue-words.ts'
import { RequestProgress } from './request-progress.tsx'

/** A request that is running or waiting. All of it leads to its page; its owner and admins can cancel it. */
export function QueueRow({ request, showOwner }: { request: RequestSummary; showOwner: boolean }) {
  const person = usePerson()
  const mayCancel = person.id === request.owner.id || person.role === 'admin'
  const cancel = useCancelRequest()
  const isRunning = request.status === 'running'
  return (
    <article className="relative flex min-h-0 gap-3 overflow-hidden px-3 transition-colors hover:bg-hover/60 sm:gap-4 sm:px-4">
      <ImageTiles request={request} className={isRunning ? 'my-3 size-18 sm:size-20' : 'my-3 size-14'} />
      <div className="flex min-w-0 flex-1 flex-col justify-center gap-1.5 py-3">
        <Link
          to="/requests/$id"
          params={{ id: request.id }}
          className="line-clamp-2 leading-snug font-medium [overflow-wrap:anywhere] after:absolute after:inset-0"
        >
          {request.prompt || 'Without a prompt'}
        </Link>
        <Facts request={request} showOwner={showOwner} />
        {isRunning ? <RequestProgress request={request} /> : <Turn request={request} className="sm:hidden" />}
      </div>
      {!isRunning && <Turn request={request} className="justify-center py-3 text-right max-sm:hidden" />}
      <div className="w-9 self-center pointer-coarse:w-10">
        {mayCancel && (
          <IconButton
            icon={X}
            label="Cancel"
            className="relative hover:text-bad"
            onClick={() => cancel.mutate(request.id)}
          />
        )}
      </div>
    </article>
  )
}

function Facts({ request, showOwner }: { request: RequestSummary; showOwner: boolean }) {
  const { status, n, model, createdAt, startedAt, providers, owner } = request
  const since = status === 'running' ? (startedAt ?? createdAt) : createdAt
  return (
    <p className="truncate text-[13px] text-muted">
      {showOwner && <span className="font-medium text-text">{owner.name} · </span>}
      {model} · {n > 1 && `${countImages(n)} · `}
      <RelativeTime at={since} />
      {status === 'running' && providers.length > 0 && ` · on ${providers.join(', ')}`}
    </p>
  )
}

function Turn({ request, className }: { request: RequestSummary; className: string }) {
  const timed = useTimeLeft(request)
  const reason = reasonText(request, useServerTime())
  if (reason !== null) {
    return <p className={`flex flex-col text-[13px] text-pretty text-muted sm:w-2/5 ${className}`}>{reason}</p>
  }
  return (
    <p className={`flex flex-col text-[13px] max-sm:flex-row max-sm:gap-2 sm:w-48 ${className}`}>
      <span className="font-medium tabular-nums">{turnText(timed.queuePosition)}</span>
      <span className="text-faint tabular-nums">{etaText(timed)}</span>
    </p>
  )
}
