import { Link } from '@tanstack/react-router'
import { Ban, CircleAlert, Images } from 'lucide-react'
import type { RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { ImageTiles } from '../../components/image-tiles.tsx'
import { NoneLeft } from '../../components/none-left.tsx'
import { buttonClass } from '../../components/ui/button.tsx'
import { EmptyState } from '../../components/ui/states.tsx'
import { STATUS_LABELS, StatusBadge } from '../../components/ui/status-badge.tsx'
import { isUnfinished } from '../../lib/one-request.ts'

/** The reader's newest requests as squares, each leading to its page. */
/** `made`: how many images they have made, which need not be there any more. */
export const LatestRequests = ({ requests, made }: { requests: readonly RequestSummary[]; made: number }) => (
  <section className="flex flex-col gap-3">
    <div className="flex items-center justify-between">
      <h2 className="font-medium">Your latest images</h2>
      {requests.length > 0 && (
        <Link to="/requests" className={buttonClass('ghost', 'small')}>
          All in the gallery
        </Link>
      )}
    </div>
    {requests.length === 0 && made > 0 ? (
      <NoneLeft />
    ) : requests.length === 0 ? (
      <EmptyState icon={Images} title="Nothing here yet">
        Images you make show up here, those of your programs as well.
      </EmptyState>
    ) : (
      <ul className="grid grid-cols-3 gap-2 sm:grid-cols-4 sm:gap-3">
        {requests.map((request) => (
          <li key={request.id} className="min-w-0">
            <Latest request={request} />
          </li>
        ))}
      </ul>
    )}
  </section>
)

function Latest({ request }: { request: RequestSummary }) {
  const { status, prompt } = request
  const isEmpty = !isUnfinished(status) && request.images.length === 0
  return (
    <Link to="/requests/$id" params={{ id: request.id }} className="group flex flex-col gap-1.5 rounded-lg">
      <span className="relative aspect-square overflow-hidden rounded-lg bg-sunken">
        {isEmpty ? (
          <NoPicture status={status} />
        ) : (
          <ImageTiles
            request={request}
            sizes={request.n > 1 ? '(width < 40rem) 16vw, 125px' : '(width < 40rem) 32vw, 250px'}
            className="size-full transition-transform duration-300 group-hover:scale-103"
          />
        )}
        {status !== 'succeeded' && !isEmpty && (
          <span className="absolute inset-x-1.5 top-1.5">
            <StatusBadge status={status} />
          </span>
        )}
      </span>
      <span className="truncate text-xs text-muted group-hover:text-text">{prompt || 'Without a prompt'}</span>
    </Link>
  )
}

function NoPicture({ status }: { status: RequestSummary['status'] }) {
  const Icon = status === 'failed' ? CircleAlert : Ban
  return (
    <span className="flex size-full flex-col items-center justify-center gap-1 text-xs text-muted">
      <Icon className="size-5" aria-hidden />
      {STATUS_LABELS.find(({ value }) => value === status)?.label}
    </span>
  )
}
