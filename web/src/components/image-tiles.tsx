import { clsx } from 'clsx'
import { Image as ImageIcon, ImagePlus } from 'lucide-react'
import type { RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { StoredImage } from './stored-image.tsx'
import { useLiveImage } from '../lib/live-images.ts'
import { madeSince } from '../lib/wait-words.ts'

const MOST = 4

export interface ImageTilesProps {
  request: RequestSummary
  /** How wide one of its images is shown, as in the `sizes` of HTML. */
  sizes?: string
  className?: string
}

/** A square with the images of a request as far as they are, four at most; what is beside it says what they are. */
export function ImageTiles({ request, sizes = '80px', className }: ImageTilesProps) {
  const positions = Array.from({ length: Math.min(request.n, MOST) }, (_, position) => position)
  return (
    <div
      aria-hidden
      className={clsx(
        'grid aspect-square shrink-0 gap-0.5 overflow-hidden rounded-lg bg-sunken',
        request.n > 1 && 'grid-cols-2',
        className
      )}
    >
      {positions.map((position) => (
        <Tile key={position} request={request} position={position} sizes={sizes} />
      ))}
    </div>
  )
}

function Tile({ request, position, sizes }: { request: RequestSummary; position: number; sizes: string }) {
  const preview = useLiveImage(request.id, position)?.preview
  const finished = request.images.find((image) => image.position === position)
  if (finished) return <StoredImage image={finished} alt="" sizes={sizes} className="size-full min-h-0 object-cover" />
  if (preview !== undefined) return <img src={preview} alt="" className="size-full min-h-0 object-cover" />
  const isMade = madeSince(request, position) !== undefined
  const [input] = request.inputs
  // What is to be edited says more than a symbol, where the square is not parted.
  if (input && request.n === 1) {
    return <StoredImage image={input} alt="" sizes={sizes} className="size-full object-cover opacity-60" />
  }
  const Icon = request.kind === 'generation' ? ImageIcon : ImagePlus
  return (
    <span className={clsx('flex items-center justify-center bg-hover text-faint', isMade && 'animate-pulse')}>
      <Icon className={request.n > 1 ? 'size-3.5' : 'size-5'} />
    </span>
  )
}
