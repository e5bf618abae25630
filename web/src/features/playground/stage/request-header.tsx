import { clsx } from 'clsx'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { Badge } from '../../../components/ui/badge.tsx'
import { RelativeTime } from '../../../components/ui/relative-time.tsx'
import { StatusBadge } from '../../../components/ui/status-badge.tsx'
import { thumbnailUrl } from '../../../lib/assets.ts'
import { formatPixels, withLocalTimes } from '../../../lib/format.ts'
import { useServerTime, useTimeLeft } from '../../../lib/time-left.ts'
import { RequestButtons } from './request-buttons.tsx'
import { RequestNotes } from './request-notes.tsx'
import { useFailureAdvice } from './failure-advice.ts'
import type { StageActions } from './stage-actions.ts'
import { isUnfinished } from '../../../lib/one-request.ts'
import type { StageEntry } from './stage-entries.ts'
import { tellStatus } from './tell-status.ts'
import { tellSeeds } from './tiles.ts'
import { useTakesSeed } from '../../../lib/features-of.ts'

export interface RequestHeaderProps {
  entry: StageEntry
  actions: StageActions
  large: boolean
}

/** What was asked for, how it stands, and what can be done with it: as many lines at the end as at the beginning. */
export function RequestHeader(props: RequestHeaderProps) {
  const { entry, actions, large } = props
  const { request, submission } = entry
  return (
    <header className="flex min-w-0 flex-col gap-1">
      <h3
        className={clsx('font-medium [overflow-wrap:anywhere]', large ? 'line-clamp-2' : 'line-clamp-1 text-[13px]')}
        title={request.prompt}
      >
        {request.prompt || 'Variation'}
      </h3>
      <div className={clsx('flex flex-col gap-1', large && 'sm:flex-row sm:items-center sm:justify-between sm:gap-4')}>
        <div
          className={clsx(
            'flex min-w-0 items-center gap-2 overflow-hidden text-[13px] whitespace-nowrap text-muted',
            large ? 'h-8 sm:flex-1' : 'h-6'
          )}
        >
          <Standing {...props} />
          {!submission && <RequestNotes request={request} actions={actions} isShort={!large} isWanted={large} />}
        </div>
        <RequestButtons entry={entry} actions={actions} large={large} />
      </div>
    </header>
  )
}

function Standing({ entry: { request, submission }, large }: RequestHeaderProps) {
  if (submission) return submission.unanswered ? <Badge look="bad">No answer</Badge> : <Badge>Sending</Badge>
  if (request.status === 'succeeded') return <Facts request={request} large={large} />
  return (
    <>
      <StatusBadge status={request.status} />
      {isUnfinished(request.status) ? (
        <UnfinishedFacts request={request} />
      ) : (
        <EndedFacts request={request} large={large} />
      )}
    </>
  )
}

function UnfinishedFacts({ request }: { request: RequestSummary }) {
  const now = useServerTime()
  const status = tellStatus(useTimeLeft(request), now)
  // The id of a model is as it is.
  if (status === '') return <span className="truncate">{request.model}</span>
  return (
    <span className="truncate tabular-nums first-letter:uppercase" title={status}>
      {status}
    </span>
  )
}

/** Where some images are there the reason stands here, in the place of those that are not otherwise. */
function EndedFacts({ request, large }: { request: RequestSummary; large: boolean }) {
  const advice = useFailureAdvice({ request, isWanted: large })
  if (request.images.length === 0 || !request.error) return <Facts request={request} large={large} />
  const message = [withLocalTimes(request.error.message), advice].filter((part) => part !== undefined).join(' ')
  return (
    <span className="truncate text-bad" title={message}>
      {message}
    </span>
  )
}

function Facts({ request, large }: { request: RequestSummary; large: boolean }) {
  const [image] = request.images
  // To a model without seeds the one that was drawn means nothing.
  const seeds = useTakesSeed(request.model) && tellSeeds(request)
  const facts = large
    ? [request.model, image && formatPixels(image), request.n > 1 && `${request.n} images`, seeds]
    : [seeds]
  const text = facts.filter(Boolean).join(' · ')
  return (
    <>
      {large &&
        request.inputs
          .slice(0, 3)
          .map((input) => (
            <img
              key={input.id}
              src={thumbnailUrl(input.id, 64)}
              alt="Source image"
              width={24}
              height={24}
              className="size-6 shrink-0 rounded object-cover ring-1 ring-line"
            />
          ))}
      <span className="truncate tabular-nums" title={text}>
        {text !== '' && `${text} · `}
        <RelativeTime at={request.createdAt} />
      </span>
    </>
  )
}
