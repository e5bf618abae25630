import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleCheck } from 'lucide-react'
import type { ErrorPage } from '../../../../../src/http/dashboard/contract/admin.ts'
import { LoadMore } from '../../../components/load-more.tsx'
import { Badge } from '../../../components/ui/badge.tsx'
import { Page } from '../../../components/ui/page.tsx'
import { RelativeTime } from '../../../components/ui/relative-time.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../../components/ui/states.tsx'
import { DASHBOARD, fetchJson } from '../../../lib/fetch-json.ts'

const errorsQuery = infiniteQueryOptions({
  queryKey: ['errors'],
  queryFn: ({ pageParam, signal }) =>
    fetchJson<ErrorPage>(`${DASHBOARD}/errors`, { query: { cursor: pageParam }, signal }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page: ErrorPage) => page.next ?? undefined
})

export const ErrorsPage = () => (
  <Page title="Errors" description="Requests that failed, of everybody, the latest first.">
    <ErrorList />
  </Page>
)

function ErrorList() {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(errorsQuery)
  if (error && !data) return <ErrorState error={error} onRetry={() => void refetch()} />
  if (!data) return <Skeleton className="h-96 rounded-2xl" />
  const items = data.pages.flatMap((page) => page.items)
  if (items.length === 0) {
    return (
      <EmptyState icon={CircleCheck} title="Nothing has failed">
        When a request fails, it is listed here with the reason.
      </EmptyState>
    )
  }
  return (
    <div className="flex flex-col gap-4">
      <ul className="flex flex-col divide-y divide-line rounded-2xl border border-line bg-surface shadow-card">
        {items.map((item) => (
          <ErrorLine key={item.requestId} item={item} />
        ))}
      </ul>
      <LoadMore hasMore={hasNextPage} busy={isFetchingNextPage} error={error} onMore={() => void fetchNextPage()} />
    </div>
  )
}

function ErrorLine({ item }: { item: ErrorPage['items'][number] }) {
  const { requestId, at, code, message, model, owner, providers } = item
  return (
    <li className="relative flex flex-col gap-1 px-4 py-3 transition-colors first:rounded-t-2xl last:rounded-b-2xl hover:bg-hover">
      <p className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
        <Badge look="bad">{code}</Badge>
        <span className="min-w-0 truncate font-medium">{model}</span>
        <span className="ml-auto text-[13px] text-muted">
          <RelativeTime at={at} />
        </span>
      </p>
      <Link
        to="/requests/$id"
        params={{ id: requestId }}
        className="line-clamp-3 [overflow-wrap:anywhere] after:absolute after:inset-0"
      >
        {message === '' ? 'The request failed without a message.' : message}
      </Link>
      <p className="text-[13px] [overflow-wrap:anywhere] text-muted">
        {owner.name}
        {providers.length > 0 && ` · ${providers.join(', ')}`}
      </p>
    </li>
  )
}
