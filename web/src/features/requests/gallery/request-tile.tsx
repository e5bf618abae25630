import { clsx } from 'clsx'
import { memo } from 'react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import type { RequestSearch } from '../../../lib/request-search.ts'
import { useServerTime, useTimeLeft } from '../../../lib/time-left.ts'
import { StatusBadge } from '../../../components/ui/status-badge.tsx'
import { collage, countShown, type Tile } from './gallery-layout.ts'
import { ListedLink, MoreImages } from './listed-link.tsx'
import { detailsOf, lookOf, promptOf, waitWords } from '../request-words.ts'
import { TileImage } from '../tile-image.tsx'
import { TileBadges } from '../tile-badges.tsx'

export interface RequestTileProps {
  tile: Tile
  height: number
  /** The one that the Tab key leads to. */
  isStop: boolean
  search: RequestSearch
  withOwner: boolean
}

/** A request in the grid: its images, and what else there is to know when the pointer or the focus is on it. */
export const RequestTile = memo(function RequestTile({ tile, height, isStop, search, withOwner }: RequestTileProps) {
  const { request, left, width } = tile
  const hasPictures = request.status === 'running' || request.images.length > 0
  return (
    <div role="gridcell" className="absolute top-0" style={{ left, width, height }}>
      <ListedLink
        id={request.id}
        search={search}
        isStop={isStop}
        className={clsx('group relative block size-full overflow-hidden rounded-lg', hasPictures && 'bg-sunken')}
      >
        {hasPictures ? <Collage tile={tile} height={height} /> : <NoPicture request={request} withOwner={withOwner} />}
        {request.status !== 'succeeded' && hasPictures && (
          <span className="absolute inset-x-2 top-2">
            <Standing request={request} />
          </span>
        )}
        {hasPictures && <TileBadges request={request} />}
        {hasPictures && <Caption request={request} withOwner={withOwner} />}
        <span className="sr-only">{lookOf(request)}</span>
      </ListedLink>
    </div>
  )
})

/** Lines of one pixel part the images without cutting into them. */
function Collage({ tile: { request, width }, height }: { tile: Tile; height: number }) {
  const count = countShown(request)
  const { cells } = collage(count)
  const more = count - cells.length
  return cells.map((cell, index) => (
    <span
      key={index}
      className={clsx('absolute border-canvas', cell.left > 0 && 'border-l', cell.top > 0 && 'border-t')}
      style={{
        left: cell.left * width,
        top: cell.top * height,
        width: cell.width * width,
        height: cell.height * height
      }}
    >
      <TileImage request={request} index={index} width={cell.width * width} />
      {more > 0 && index === cells.length - 1 && <MoreImages count={more} className="text-base font-semibold" />}
    </span>
  ))
}

/** How an unfinished request stands; failed and canceled ones with images say so, too. */
function Standing({ request }: { request: RequestSummary }) {
  const now = useServerTime()
  const wait = waitWords(useTimeLeft(request), now)
  return (
    <span className="flex min-w-0 flex-wrap items-center gap-1.5">
      <StatusBadge status={request.status} />
      {wait !== undefined && (
        <span className="line-clamp-4 min-w-0 rounded-xl bg-black/60 px-2 py-0.5 text-xs [overflow-wrap:anywhere] text-white tabular-nums">
          {wait}
        </span>
      )}
    </span>
  )
}

function Caption({ request, withOwner }: { request: RequestSummary; withOwner: boolean }) {
  return (
    <>
      {withOwner && (
        <span
          aria-hidden
          className="absolute right-2 bottom-2 max-w-[calc(100%-1rem)] truncate rounded-full bg-black/60 px-2 py-0.5 text-xs text-white transition-opacity group-hover:opacity-0 group-focus-visible:opacity-0"
        >
          {request.owner.name}
        </span>
      )}
      <span className="pointer-events-none absolute inset-x-0 bottom-0 flex flex-col gap-0.5 bg-gradient-to-t from-black/90 via-black/70 to-transparent px-3 pt-10 pb-2.5 text-white opacity-0 transition-opacity group-hover:opacity-100 group-focus-visible:opacity-100 pointer-coarse:hidden">
        <span className="line-clamp-2 text-[13px] leading-snug">{promptOf(request)}</span>
        <span className="truncate text-xs text-white/80">{detailsOf(request, withOwner)}</span>
      </span>
    </>
  )
}

/** Nothing to see of it yet, or it ended without an image: said calmly, with what it is about. */
function NoPicture({ request, withOwner }: { request: RequestSummary; withOwner: boolean }) {
  return (
    <span className="flex size-full flex-col justify-between gap-2 overflow-hidden rounded-lg border border-line p-2 transition-colors group-hover:bg-hover sm:p-3">
      <Standing request={request} />
      <span className="flex min-h-0 flex-col gap-0.5">
        <span className="line-clamp-2 text-[13px] leading-snug text-muted sm:line-clamp-3">{promptOf(request)}</span>
        <span className="hidden truncate text-xs text-faint sm:block">{detailsOf(request, withOwner)}</span>
      </span>
    </span>
  )
}
