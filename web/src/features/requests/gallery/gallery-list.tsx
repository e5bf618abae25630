import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { Images, SearchX } from 'lucide-react'
import { useCallback, useEffect } from 'react'
import { accountQuery } from '../../../lib/account.ts'
import type { RequestSearch } from '../../../lib/request-search.ts'
import { NoneLeft } from '../../../components/none-left.tsx'
import { Button, buttonClass } from '../../../components/ui/button.tsx'
import { EmptyState, ErrorState } from '../../../components/ui/states.tsx'
import { Gallery } from './gallery.tsx'
import { GallerySkeleton } from './gallery-skeleton.tsx'
import type { GalleryView } from './gallery-view.ts'
import { ListEnd } from './list-end.tsx'
import { NewRequestsPill } from './new-requests-pill.tsx'
import { useHeldList } from './use-held-list.ts'
import { usePlace } from './use-place.ts'
import type { useRequestList } from './use-request-list.ts'

export interface GalleryListProps {
  list: ReturnType<typeof useRequestList>
  view: GalleryView
  search: RequestSearch
  memoryKey: string
  withOwner: boolean
  today: number
  onClear: () => void
}

/** What there is of a list and what is yet to come of it, or why there is nothing. */
export function GalleryList({ list, view, search, memoryKey, withOwner, today, onClear }: GalleryListProps) {
  const { requests, hasNextPage, isFetching, isPlaceholderData, error, fetchNextPage, refetch } = list
  const { shown, hidden } = useHeldList(requests, memoryKey)
  const { place, ref } = usePlace()
  const mayFetch = hasNextPage && !isFetching && !error
  const fetchMore = useCallback(() => {
    if (mayFetch) void fetchNextPage({ cancelRefetch: false })
  }, [mayFetch, fetchNextPage])
  const isEmpty = shown.length === 0
  // A page may be empty before the end is reached.
  useEffect(() => {
    if (isEmpty) fetchMore()
  }, [isEmpty, fetchMore])

  const retry = () => void (requests.length > 0 || hasNextPage ? fetchNextPage() : refetch())
  return (
    <div ref={ref} aria-busy={isPlaceholderData} className={clsx('-mt-6', isPlaceholderData && 'opacity-60')}>
      <div className="sticky top-32 z-10 h-0 md:top-18">
        <NewRequestsPill count={hidden} />
      </div>
      {isEmpty ? (
        <div className="pt-4">
          {error ? (
            <ErrorState error={error} onRetry={retry} />
          ) : list.isPending ? (
            <GallerySkeleton view={view} />
          ) : hasNextPage || isFetching ? (
            <ListEnd isSearching error={null} onRetry={retry} />
          ) : (
            <Nothing isNarrowed={Object.keys(search).length > 0} onClear={onClear} />
          )}
        </div>
      ) : (
        <>
          {place && (
            <Gallery
              {...{ requests: shown, view, place, search, memoryKey, withOwner, today }}
              hasMore={hasNextPage}
              onNearEnd={fetchMore}
            />
          )}
          <ListEnd isSearching={list.isFetchingNextPage} error={error} onRetry={retry} />
        </>
      )}
    </div>
  )
}

function Nothing({ isNarrowed, onClear }: { isNarrowed: boolean; onClear: () => void }) {
  const { data: account, isPending } = useQuery({ ...accountQuery, enabled: !isNarrowed })
  if (isNarrowed) {
    return (
      <EmptyState icon={SearchX} title="Nothing matches" action={<Button onClick={onClear}>Clear filters</Button>}>
        No request has all of that. Try fewer filters or other words.
      </EmptyState>
    )
  }
  // Whoever made some and finds none is not to read that there were none.
  if (isPending) return null
  if (account && account.images.total > 0) return <NoneLeft />
  return (
    <EmptyState
      icon={Images}
      title="No images yet"
      action={
        <Link to="/playground" className={buttonClass('primary')}>
          Make your first image
        </Link>
      }
    >
      Everything you make, here or with an API key, is collected on this page.
    </EmptyState>
  )
}
