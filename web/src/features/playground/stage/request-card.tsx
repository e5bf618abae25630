import { clsx } from 'clsx'
import { Ban, CircleAlert } from 'lucide-react'
import { type CSSProperties, useState } from 'react'
import { WaitNote } from '../../../components/wait-note.tsx'
import { withLocalTimes } from '../../../lib/format.ts'
import type { Size } from '../sizes.ts'
import { ImageTile } from './image-tile.tsx'
import { RequestHeader } from './request-header.tsx'
import { useFailureAdvice } from './failure-advice.ts'
import { isUnfinished } from '../../../lib/one-request.ts'
import type { StageActions } from './stage-actions.ts'
import type { StageEntry } from './stage-entries.ts'
import { TileActions } from './tile-actions.tsx'
import { columnsFor, frameOf, gridShare, squareColumns, tilesOf } from './tiles.ts'

export interface RequestCardProps {
  entry: StageEntry
  actions: StageActions
  /** The newest one gets the most room, with its words above; the others are squares with theirs below. */
  large: boolean
  /** What its model makes of no size, for as long as nothing better is known. */
  usual: Size
}

/**
 * One request with the places of its images. Nothing of it is ever larger or smaller than it was at first: whatever
 * comes takes a place that was kept for it, but why it waits.
 */
export function RequestCard(props: RequestCardProps) {
  const { request } = props.entry
  return (
    <article
      aria-label={request.prompt || 'Variation'}
      className={clsx(
        'flex min-w-0',
        props.large ? 'col-span-full flex-col gap-3' : '@container flex-col-reverse justify-end gap-2.5'
      )}
    >
      <RequestHeader {...props} />
      {/* Once above the images: on one of many there is no room for it. */}
      {props.large && <WaitNote request={request} />}
      <ImageGrid {...props} />
    </article>
  )
}

/** Of the window's height, how much all images of the large one may take. */
const LARGE_SHARE = 68
/** More in a square would be too small for a button. */
const MOST_WITH_MENU = 4

function ImageGrid({ entry, actions, large, usual }: RequestCardProps) {
  const { request } = entry
  // What was kept free stays so, whatever shape comes: what is below must not move.
  const [frame] = useState(() => frameOf(request, usual))
  const columns = large ? columnsFor(request.n) : squareColumns(request.n)
  const narrow = large ? Math.min(2, columns) : columns
  const rows = Math.ceil(request.n / columns)
  const width = `min(100%, max(18rem, ${LARGE_SHARE * gridShare(request.n, frame)}svh))`
  const style = {
    '--width': width,
    '--narrow': columnList(narrow),
    '--wide': columnList(columns),
    ...(!large && { gridTemplateRows: columnList(rows) })
  } as CSSProperties
  return (
    <div className={clsx('relative', large && 'sm:w-(--width)')} style={style}>
      <ul
        aria-label="Images"
        className={clsx(
          'grid grid-cols-(--narrow) sm:grid-cols-(--wide)',
          large ? 'gap-2 sm:gap-3' : 'aspect-square gap-1 overflow-hidden rounded-xl'
        )}
        style={style}
      >
        {tilesOf(request).map((tile) => (
          <ImageTile
            key={tile.position}
            request={request}
            tile={tile}
            frame={large ? frame : undefined}
            sizes={`(width < 40rem) ${Math.round((large ? 100 : 50) / narrow)}vw, ${Math.round((large ? 60 : 20) / columns)}vw`}
            actions={
              tile.image &&
              (large || request.n <= MOST_WITH_MENU) && (
                <TileActions
                  request={request}
                  image={tile.image}
                  actions={actions}
                  small={!large || request.n > 1}
                  bare={!large && request.n > 1}
                />
              )
            }
          />
        ))}
      </ul>
      <Lost entry={entry} large={large} />
    </div>
  )
}

const columnList = (count: number) => `repeat(${count}, minmax(0, 1fr))`

/** In the place of images that will not come: why, and what to do about it. */
function Lost(props: Pick<RequestCardProps, 'entry' | 'large'>) {
  const { request, submission } = props.entry
  if (request.images.length > 0 || (isUnfinished(request.status) && !submission?.unanswered)) return null
  return <Reason {...props} />
}

function Reason({ entry: { request, submission }, large }: Pick<RequestCardProps, 'entry' | 'large'>) {
  const isCanceled = request.status === 'canceled'
  const text = isCanceled
    ? 'Canceled before an image was made.'
    : (submission?.unanswered?.message ?? withLocalTimes(request.error?.message ?? 'It failed without a reason.'))
  const advice = useFailureAdvice({ request, isWanted: large })
  const Icon = isCanceled ? Ban : CircleAlert
  return (
    <div
      role={isCanceled ? undefined : 'alert'}
      className="absolute inset-0 flex flex-col items-center justify-center gap-2 overflow-hidden rounded-xl border border-line bg-sunken p-4 text-center text-muted"
    >
      <Icon className={clsx('size-5 shrink-0', !isCanceled && 'text-bad')} aria-hidden />
      <p
        title={text}
        className={clsx('[overflow-wrap:anywhere]', large ? 'line-clamp-6 max-w-md' : 'line-clamp-3 text-[13px]')}
      >
        {text}
      </p>
      {advice !== undefined && (
        <p
          title={advice}
          className={clsx(
            '[overflow-wrap:anywhere] text-text',
            large ? 'line-clamp-4 max-w-md' : 'line-clamp-3 text-[13px]'
          )}
        >
          {advice}
        </p>
      )}
    </div>
  )
}
