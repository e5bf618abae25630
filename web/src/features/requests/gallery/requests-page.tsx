import { getRouteApi, Link } from '@tanstack/react-router'
import { ImagePlus, LayoutGrid, List } from 'lucide-react'
import { useCallback, useMemo } from 'react'
import type { RequestSearch } from '../../../lib/request-search.ts'
import { buttonClass } from '../../../components/ui/button.tsx'
import { Page } from '../../../components/ui/page.tsx'
import { Segmented } from '../../../components/ui/segmented.tsx'
import { startOfDay } from '../../../lib/format.ts'
import { useSeesOthers } from '../../../lib/session.ts'
import { useNow } from '../../../lib/use-now.ts'
import { FilterBar } from './filter-bar.tsx'
import { GalleryList } from './gallery-list.tsx'
import { type GalleryView, useGalleryView } from './gallery-view.ts'
import { toListQuery } from '../request-filters.ts'
import { useLiveScope } from '../../../lib/use-live-scope.ts'
import { useRequestList } from './use-request-list.ts'

const route = getRouteApi('/members/requests')

const VIEWS = [
  { value: 'grid', label: <LayoutGrid className="size-4" aria-hidden />, title: 'Grid' },
  { value: 'list', label: <List className="size-4" aria-hidden />, title: 'List' }
] as const

/** The gallery: everything the reader has asked for, newest first. */
export function RequestsPage() {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const seesOthers = useSeesOthers()
  const today = startOfDay(useNow(60_000))
  const [view, setView] = useGalleryView()
  const query = useMemo(() => toListQuery(search, { today, seesOthers }), [search, today, seesOthers])
  const list = useRequestList(query)
  const memoryKey = JSON.stringify(query)
  useLiveScope(query.owner !== undefined)
  const change = useCallback((next: RequestSearch) => void navigate({ search: next, replace: true }), [navigate])
  return (
    <Page
      title="Gallery"
      wide
      actions={
        <>
          <Segmented<GalleryView> label="View" value={view} options={VIEWS} onChange={setView} />
          <Link to="/playground" className={buttonClass('primary')}>
            <ImagePlus className="size-4" aria-hidden />
            New image
          </Link>
        </>
      }
    >
      <div className="sticky top-14 z-10 -mx-4 -mt-2 bg-canvas px-4 py-2 sm:-mx-8 sm:px-8 md:top-0">
        <FilterBar search={search} onChange={change} />
      </div>
      <GalleryList
        key={memoryKey}
        {...{ list, view, search, memoryKey, today }}
        withOwner={query.owner === 'all'}
        onClear={() => change({})}
      />
    </Page>
  )
}
