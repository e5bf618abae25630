import { clsx } from 'clsx'
import { Ban, CircleAlert } from 'lucide-react'
import { memo } from 'react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import type { RequestSearch } from '../../../lib/request-search.ts'
import { ProgressBar } from '../../../components/ui/progress-bar.tsx'
import { RelativeTime } from '../../../components/ui/relative-time.tsx'
import { StatusBadge } from '../../../components/ui/status-badge.tsx'
import { isUnfinished } from '../../../lib/one-request.ts'
import { countShown } from './gallery-layout.ts'
import { ListedLink, MoreImages } from './listed-link.tsx'
import { useServerTime, useTimeLeft } from '../../../lib/time-left.ts'
import { detailsOf, promptOf, waitWords } from '../request-words.ts'
import { TileImage } from '../tile-image.tsx'

/** Small images in a line; a further one is a number. */
const MOST_IMAGES = 3

/** Images, prompt, model, provider, status, time; the name of the owner stands below the model. */
export const LINE_COLUMNS =
  'grid grid-cols-[3.25rem_minmax(0,1fr)_auto] items-center gap-x-3 px-2 md:grid-cols-[10rem_minmax(0,1fr)_6.5rem_6rem] lg:grid-cols-[10rem_minmax(0,1fr)_minmax(0,9rem)_minmax(0,8rem)_6.5rem_6rem]'

export interface RequestLineProps {
  request: RequestSummary
  isStop: boolean
  search: RequestSearch
  withOwner: boolean
}

/** A request in the list. */
export const RequestLine = memo(function RequestLine({ request, isStop, search, withOwner }: RequestLineProps) {
  const provider = request.providers.at(-1)
  return (
    <div
      className={clsx(
        LINE_COLUMNS,
        'relative h-full border-b border-line transition-colors hover:bg-hover has-focus-visible:outline-2 has-focus-visible:-outline-offset-2 has-focus-visible:outline-accent'
      )}
    >
      <div role="gridcell" className="flex items-center gap-1">
        <LineImages request={request} />
      </div>
      <div role="gridcell" className="min-w-0">
        <ListedLink
          id={request.id}
          search={search}
          isStop={isStop}
          className="line-clamp-1 leading-snug outline-none after:absolute after:inset-0 md:line-clamp-2"
        >
          {promptOf(request)}
        </ListedLink>
        <span className="block truncate text-xs text-faint lg:hidden">
          {detailsOf(request, withOwner)}
          <span className="md:hidden">
            {' · '}
            <RelativeTime at={request.createdAt} />
          </span>
        </span>
      </div>
      <div role="gridcell" className="hidden min-w-0 lg:block">
        <span className="block truncate text-muted">{request.model}</span>
        {withOwner && <span className="block truncate text-xs text-faint">{request.owner.name}</span>}
      </div>
      <div role="gridcell" className="hidden truncate text-muted lg:block">
        {provider ?? '–'}
      </div>
      <div role="gridcell" className="flex flex-col items-start gap-1.5">
        <StatusBadge status={request.status} />
        {request.status === 'running' && <ProgressBar percent={request.progress} label="Progress" className="w-20" />}
        {request.status === 'queued' && <Wait request={request} />}
      </div>
      <div role="gridcell" className="hidden text-right text-[13px] text-muted md:block">
        <RelativeTime at={request.createdAt} />
      </div>
    </div>
  )
})

function Wait({ request }: { request: RequestSummary }) {
  const now = useServerTime()
  return <span className="text-xs text-faint">{waitWords(useTimeLeft(request), now)}</span>
}

function LineImages({ request }: { request: RequestSummary }) {
  const hasPictures = request.images.length > 0 || isUnfinished(request.status)
  const count = hasPictures ? countShown(request) : 0
  const shown = Math.min(count, MOST_IMAGES)
  const frame = 'relative size-11 shrink-0 overflow-hidden rounded-md bg-sunken'
  if (!hasPictures) {
    const Icon = request.status === 'failed' ? CircleAlert : Ban
    return (
      <span className={clsx(frame, 'flex items-center justify-center text-faint')}>
        <Icon className="size-4" aria-hidden />
      </span>
    )
  }
  return Array.from({ length: shown }, (_, index) => (
    <span key={index} className={clsx(frame, index > 0 && 'hidden md:block')}>
      <TileImage request={request} index={index} width={44} />
      {count > shown && index === shown - 1 && <MoreImages count={count - shown} className="text-xs font-medium" />}
    </span>
  ))
}
