import { defaultRangeExtractor, useWindowVirtualizer, type Range } from '@tanstack/react-virtual'
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import type { RequestSearch } from '../../../lib/request-search.ts'
import { tellError } from '../../../components/ui/toaster.tsx'
import { formatDayName, startOfDay } from '../../../lib/format.ts'
import { usePerson } from '../../../lib/session.ts'
import { isUnfinished } from '../../../lib/one-request.ts'
import { DeleteRequestDialog } from '../../../components/delete-request-dialog.tsx'
import { type GalleryRow, layOutGrid, layOutList } from './gallery-layout.ts'
import { GalleryRowView } from './gallery-row.tsx'
import type { GalleryView } from './gallery-view.ts'
import type { Place } from './use-place.ts'
import { useRoving } from './use-roving.ts'

/** Pixels. */
const GAP = 8
const DAY_HEIGHT = 44
const ROW_HEIGHT = { wide: 230, narrow: 150 }
const LINE_HEIGHT = 60
const NARROW = 640
/** What stays above the list when it scrolls: the head of the page on phones, and the search. */
const STICKY_HEIGHT = 128
/** Rows before the end at which more is fetched. */
const AHEAD = 6

export interface GalleryProps {
  requests: readonly RequestSummary[]
  view: GalleryView
  place: Place
  search: RequestSearch
  /** For what it remembers about this list. */
  memoryKey: string
  withOwner: boolean
  today: number
  /** There is more than these. */
  hasMore: boolean
  /** The end is near: more is wanted. */
  onNearEnd: () => void
}

/** The requests by days, of which only those on the screen are in the page; arrow keys lead from one to the next. */
export function Gallery(props: GalleryProps) {
  const { requests, view, place, search, memoryKey, withOwner, today, hasMore, onNearEnd } = props
  const rows = useRows({ requests, view, width: place.width })
  const [removing, setRemoving] = useState<RequestSummary>()
  const person = usePerson()

  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: (index) => rows[index]?.height ?? 0,
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    gap: gapOf(view, place.width),
    overscan: 4,
    scrollMargin: place.top,
    scrollPaddingStart: STICKY_HEIGHT,
    scrollPaddingEnd: STICKY_HEIGHT / 2,
    rangeExtractor: (range) => withRow(range, activeRow)
  })
  const { grid, active, activeRow, focus, neighbourOf, onKeyDown, onFocus } = useRoving(rows, {
    memoryKey,
    reveal: (row) => virtualizer.scrollToIndex(row)
  })

  const items = virtualizer.getVirtualItems()
  const isNearEnd = (virtualizer.range?.endIndex ?? 0) >= rows.length - AHEAD
  useEffect(() => {
    if (isNearEnd) onNearEnd()
  }, [isNearEnd, onNearEnd])

  const askToDelete = () => {
    const request = requests.find(({ id }) => id === active)
    if (!request) return
    if (request.owner.id !== person.id) tellError('Only who made a request can delete it')
    else if (isUnfinished(request.status)) tellError('It is not done yet', 'Cancel it first.')
    else setRemoving(request)
  }

  return (
    <>
      <div
        ref={grid}
        role="grid"
        aria-label="Requests"
        aria-rowcount={hasMore ? -1 : rows.length}
        className="relative"
        style={{ height: virtualizer.getTotalSize() }}
        onFocus={onFocus}
        onKeyDown={(event) => {
          if (event.key === 'Delete') askToDelete()
          else onKeyDown(event)
        }}
      >
        {items.map(({ key, index, start }) => {
          const row = rows[index]
          return (
            row && (
              <GalleryRowView
                key={key}
                row={row}
                index={index}
                top={start - place.top}
                view={view}
                dayName={row.kind === 'day' ? formatDayName(row.day, today) : ''}
                stop={index === activeRow ? active : undefined}
                search={search}
                withOwner={withOwner}
              />
            )
          )
        })}
      </div>
      {removing && (
        <DeleteRequestDialog
          request={removing}
          open
          onClose={() => setRemoving(undefined)}
          onDeleted={() => {
            const next = neighbourOf(removing.id)
            if (next !== undefined) focus(next)
          }}
        />
      )}
    </>
  )
}

const gapOf = (view: GalleryView, width: number): number => (view === 'list' ? 0 : width < NARROW ? GAP / 2 : GAP)

function useRows(options: { requests: readonly RequestSummary[]; view: GalleryView; width: number }): GalleryRow[] {
  const { requests, view, width } = options
  return useMemo(() => {
    const days = { width, dayOf: startOfDay, dayHeight: DAY_HEIGHT }
    if (view === 'list') return layOutList(requests, { ...days, rowHeight: LINE_HEIGHT })
    const rowHeight = width < NARROW ? ROW_HEIGHT.narrow : ROW_HEIGHT.wide
    return layOutGrid(requests, { ...days, gap: gapOf(view, width), rowHeight })
  }, [requests, view, width])
}

/** The row that can have the focus stays, however far it is scrolled away. */
function withRow(range: Range, row: number | undefined): number[] {
  const indexes = defaultRangeExtractor(range)
  if (row === undefined || indexes.includes(row)) return indexes
  return [...indexes, row].sort((a, b) => a - b)
}
