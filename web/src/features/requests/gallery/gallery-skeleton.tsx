import { Skeleton } from '../../../components/ui/states.tsx'
import type { GalleryView } from './gallery-view.ts'

const SHAPES = [1, 1.5, 0.75, 1, 1.5, 1, 0.75, 1.5, 1, 1, 1.5, 0.75]

/** Stands where the requests will be. */
export const GallerySkeleton = ({ view }: { view: GalleryView }) => (
  <div aria-hidden className="flex flex-col gap-2 pt-4">
    <Skeleton className="h-5 w-28" />
    {view === 'grid' ? (
      <div className="flex flex-wrap gap-1 sm:gap-2">
        {SHAPES.map((shape, index) => (
          <div key={index} className="h-[140px] grow sm:h-[220px]" style={{ aspectRatio: shape }}>
            <Skeleton className="size-full" />
          </div>
        ))}
      </div>
    ) : (
      SHAPES.map((_, index) => <Skeleton key={index} className="h-13" />)
    )}
  </div>
)
