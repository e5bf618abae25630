import { clsx } from 'clsx'
import type { CSSProperties } from 'react'
import { ImageTile } from './image-tile.tsx'
import { RequestHeader } from './request-header.tsx'
import { RequestNotes } from './request-notes.tsx'
import type { StageActions } from './stage-actions.ts'
import { isUnfinished, type StageEntry } from './stage-entries.ts'
import { TileActions } from './tile-actions.tsx'
import { columnsFor, frameOf, gridShare, tilesOf } from './tiles.ts'

export interface RequestCardProps {
  entry: StageEntry
  actions: StageActions
  /** The newest one gets the most room. */
  large: boolean
}

/** Images no wider than this, in shares of their height, leave room for the text at their side. */
const MOST_SHARE_BESIDE = 1.1

/** One request with the places of its images. */
export function RequestCard({ entry, actions, large }: RequestCardProps) {
  const { request } = entry
  const hasImages = hasGrid(entry)
  const isBeside = hasImages && !large && gridShare(request.n, frameOf(request)) <= MOST_SHARE_BESIDE
  const notes = <RequestNotes entry={entry} actions={actions} />
  return (
    <article
      aria-label={request.prompt || 'Variation'}
      className={clsx('flex flex-col gap-3', isBeside && 'xl:flex-row-reverse xl:justify-end xl:gap-6')}
    >
      <div className="flex min-w-0 flex-1 flex-col gap-3">
        <RequestHeader entry={entry} actions={actions} />
        {isBeside && notes}
      </div>
      {hasImages && <ImageGrid entry={entry} actions={actions} large={large} />}
      {!isBeside && notes}
    </article>
  )
}

/** Its images, or the places that are kept for them. */
export const hasGrid = ({ request, submission }: StageEntry): boolean =>
  request.images.length > 0 || (isUnfinished(request) && !submission?.unanswered)

const HEIGHTS = { large: 70, small: 42 }

/** All of its images fit into a share of the window's height, and never are they too small to see. */
function ImageGrid({ entry: { request }, actions, large }: RequestCardProps) {
  const columns = columnsFor(request.n)
  const width = `min(100%, max(18rem, ${HEIGHTS[large ? 'large' : 'small'] * gridShare(request.n, frameOf(request))}svh))`
  const narrow = Math.min(2, columns)
  return (
    <ul
      aria-label="Images"
      className="grid shrink-0 grid-cols-(--narrow) gap-2 sm:w-(--width) sm:grid-cols-(--wide) sm:gap-3"
      style={{ '--width': width, '--narrow': columnList(narrow), '--wide': columnList(columns) } as CSSProperties}
    >
      {tilesOf(request).map((tile) => (
        <ImageTile
          key={tile.position}
          request={request}
          tile={tile}
          sizes={`(width < 40rem) ${Math.round(100 / narrow)}vw, ${Math.round((large ? 66 : 42) / columns)}vw`}
          actions={tile.image && <TileActions request={request} image={tile.image} actions={actions} />}
        />
      ))}
    </ul>
  )
}

const columnList = (count: number) => `repeat(${count}, minmax(0, 1fr))`
