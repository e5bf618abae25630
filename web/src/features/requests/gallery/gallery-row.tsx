import { memo } from 'react'
import type { RequestSearch } from '../../../lib/request-search.ts'
import type { GalleryRow } from './gallery-layout.ts'
import type { GalleryView } from './gallery-view.ts'
import { RequestLine } from './request-line.tsx'
import { RequestTile } from './request-tile.tsx'

export interface GalleryRowProps {
  row: GalleryRow
  index: number
  /** Pixels from the top of the grid. */
  top: number
  view: GalleryView
  dayName: string
  /** The request in it that the Tab key leads to. */
  stop: string | undefined
  search: RequestSearch
  withOwner: boolean
}

/** A day, or the requests beside each other in one row. */
export const GalleryRowView = memo(function GalleryRowView(props: GalleryRowProps) {
  const { row, index, top, view, dayName, stop, search, withOwner } = props
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      className="absolute inset-x-0 top-0"
      style={{ height: row.height, transform: `translateY(${top}px)` }}
    >
      {row.kind === 'day' ? (
        <div role="rowheader" className="flex h-full items-end pb-2">
          <h2 className="font-semibold">{dayName}</h2>
        </div>
      ) : (
        row.tiles.map((tile) => {
          const { request } = tile
          const same = { search, withOwner, isStop: request.id === stop }
          return view === 'grid' ? (
            <RequestTile key={request.id} tile={tile} height={row.height} {...same} />
          ) : (
            <RequestLine key={request.id} request={request} {...same} />
          )
        })
      )}
    </div>
  )
})
