import { Code, Dices, Ellipsis, RotateCw, SlidersHorizontal, X } from 'lucide-react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { Badge } from '../../../components/ui/badge.tsx'
import { Button } from '../../../components/ui/button.tsx'
import { IconButton } from '../../../components/ui/icon-button.tsx'
import { Menu } from '../../../components/ui/menu.tsx'
import { RelativeTime } from '../../../components/ui/relative-time.tsx'
import { StatusBadge } from '../../../components/ui/status-badge.tsx'
import { thumbnailUrl } from '../../../lib/assets.ts'
import { formatPixels } from '../../../lib/format.ts'
import { useServerTime, useTimeLeft } from '../../../lib/time-left.ts'
import type { StageActions } from './stage-actions.ts'
import type { Submission } from '../submit/submissions.ts'
import { isUnfinished, type StageEntry } from './stage-entries.ts'
import { tellStatus } from './tell-status.ts'

export interface RequestHeaderProps {
  entry: StageEntry
  actions: StageActions
}

/** What was asked for, how it stands, and what can be done with it. */
export function RequestHeader({ entry, actions }: RequestHeaderProps) {
  const { request, submission } = entry
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-1">
      <div className="min-w-0 flex-1 basis-72">
        <h3 className="line-clamp-2 font-medium [overflow-wrap:anywhere]" title={request.prompt}>
          {request.prompt || 'Variation'}
        </h3>
        <div className="flex min-h-8 flex-wrap items-center gap-x-2 text-[13px] text-muted">
          {submission ? <Sending submission={submission} /> : <Standing request={request} />}
        </div>
      </div>
      {!submission && <Actions request={request} actions={actions} />}
    </header>
  )
}

const Sending = ({ submission: { unanswered } }: { submission: Submission }) =>
  unanswered ? <Badge look="bad">No answer</Badge> : <Badge>Sending</Badge>

function Standing({ request }: { request: RequestSummary }) {
  if (request.status === 'succeeded') return <Facts request={request} />
  return (
    <>
      <StatusBadge status={request.status} />
      {isUnfinished(request) ? <UnfinishedFacts request={request} /> : <Facts request={request} />}
    </>
  )
}

function UnfinishedFacts({ request }: { request: RequestSummary }) {
  const now = useServerTime()
  const status = tellStatus(useTimeLeft(request), now)
  // The id of a model is as it is.
  if (status === '') return <span>{request.model}</span>
  return <span className="tabular-nums first-letter:uppercase">{status}</span>
}

function Facts({ request }: { request: RequestSummary }) {
  const [image] = request.images
  const facts = [request.model, image && formatPixels(image), request.n > 1 && `${request.n} images`]
  return (
    <>
      {request.inputs.slice(0, 3).map((input) => (
        <img
          key={input.id}
          src={thumbnailUrl(input.id, 64)}
          alt="Source image"
          width={24}
          height={24}
          className="size-6 rounded object-cover ring-1 ring-line"
        />
      ))}
      <span>
        {facts.filter(Boolean).join(' · ')} · <RelativeTime at={request.createdAt} />
      </span>
    </>
  )
}

function Actions({ request, actions }: { request: RequestSummary; actions: StageActions }) {
  const code = { label: 'View code', icon: Code, onSelect: () => actions.showCode(request) }
  const take = { label: 'Use these settings', icon: SlidersHorizontal, onSelect: () => actions.take(request) }
  if (isUnfinished(request)) {
    return (
      <div className="-mx-2.5 flex items-center">
        <Button size="small" look="ghost" icon={X} onClick={() => actions.cancel(request)}>
          Cancel
        </Button>
        <Menu trigger={<IconButton icon={Ellipsis} size="small" label="More actions" />} entries={[take, code]} />
      </div>
    )
  }
  return (
    <div className="-mx-2.5 flex flex-wrap items-center">
      <Button size="small" look="ghost" icon={RotateCw} onClick={() => actions.again(request)}>
        Again
      </Button>
      <Button size="small" look="ghost" icon={Dices} onClick={() => actions.vary(request)}>
        Vary seed
      </Button>
      <Button size="small" look="ghost" icon={SlidersHorizontal} onClick={() => actions.take(request)}>
        Use these settings
      </Button>
      <Menu trigger={<IconButton icon={Ellipsis} size="small" label="More actions" />} entries={[code]} />
    </div>
  )
}
