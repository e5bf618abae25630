import { useInfiniteQuery } from '@tanstack/react-query'
import { RotateCw, Webhook } from 'lucide-react'
import { LoadMore } from '../../../components/load-more.tsx'
import { SeeRequest } from '../../../components/see-request.tsx'
import { Badge } from '../../../components/ui/badge.tsx'
import { Button } from '../../../components/ui/button.tsx'
import { Page } from '../../../components/ui/page.tsx'
import { RelativeTime } from '../../../components/ui/relative-time.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../../components/ui/states.tsx'
import { tell, tellError } from '../../../components/ui/toaster.tsx'
import { messageOf } from '../../../lib/fetch-json.ts'
import { useNow } from '../../../lib/use-now.ts'
import { type Delivery, deliveriesQuery, useRedeliver } from './api.ts'
import { deliveryStory } from './delivery-words.ts'

const STATES = {
  pending: { label: 'Pending', look: 'warn' },
  delivered: { label: 'Delivered', look: 'good' },
  failed: { label: 'Given up', look: 'bad' }
} as const

export const WebhooksPage = () => (
  <Page title="Webhooks" description="What programs were told about their requests, the latest first.">
    <Deliveries />
  </Page>
)

function Deliveries() {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(deliveriesQuery)
  const now = useNow()
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton className="h-96 rounded-2xl" />
  const items = data.pages.flatMap((page) => page.items)
  if (items.length === 0) {
    return (
      <EmptyState icon={Webhook} title="No webhook was sent">
        A request that names a “webhook_url” is told there when it ends. Each delivery is listed here.
      </EmptyState>
    )
  }
  return (
    <div className="flex flex-col gap-4">
      <ul className="flex flex-col divide-y divide-line rounded-2xl border border-line bg-surface shadow-card">
        {items.map((delivery) => (
          <DeliveryLine key={delivery.id} delivery={delivery} now={now} />
        ))}
      </ul>
      <LoadMore hasMore={hasNextPage} busy={isFetchingNextPage} error={error} onMore={() => void fetchNextPage()} />
    </div>
  )
}

function DeliveryLine({ delivery, now }: { delivery: Delivery; now: number }) {
  const { id, requestId, owner, eventType, host, state, createdAt } = delivery
  const redeliver = useRedeliver()
  const again = () =>
    redeliver.mutate(id, {
      onSuccess: () => tell('It is delivered again now'),
      onError: (error) => tellError('It was not delivered again', messageOf(error))
    })
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="flex min-w-0 flex-1 basis-72 flex-col gap-1">
        <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <Badge look={STATES[state].look}>{STATES[state].label}</Badge>
          <span className="min-w-0 truncate font-medium">{host}</span>
          <span className="text-[13px] text-muted">{eventType}</span>
        </p>
        <p className="[overflow-wrap:anywhere]">{deliveryStory(delivery, now)}</p>
        <p className="flex flex-wrap items-center gap-x-1.5 text-[13px] text-muted">
          {owner.name}, <RelativeTime at={createdAt} />
          <SeeRequest id={requestId} />
        </p>
      </div>
      <Button
        size="small"
        icon={RotateCw}
        busy={redeliver.isPending}
        onClick={again}
        aria-label={`Redeliver to ${host}`}
      >
        Redeliver
      </Button>
    </li>
  )
}
