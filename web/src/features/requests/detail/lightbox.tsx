import { Dialog as Base } from '@base-ui/react/dialog'
import { ChevronLeft, ChevronRight, X } from 'lucide-react'
import type { ComponentProps, KeyboardEvent } from 'react'
import type { ImageInfo } from '../../../../../src/http/dashboard/contract/requests.ts'
import { formatPixels } from '../../../lib/format.ts'
import { ZoomableImage } from './zoomable-image.tsx'

export interface LightboxProps {
  images: readonly ImageInfo[]
  index: number
  alt: string
  onIndex: (index: number) => void
  onClose: () => void
}

/** An image alone in the window; arrow keys lead to the others, Escape closes it. */
export function Lightbox({ images, index, alt, onIndex, onClose }: LightboxProps) {
  const image = images[index]
  const go = (step: number) => {
    if (images[index + step]) onIndex(index + step)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowLeft') go(-1)
    else if (event.key === 'ArrowRight') go(1)
  }
  return (
    <Base.Root open onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-black" />
        <Base.Popup
          onKeyDown={onKeyDown}
          className="fixed inset-0 z-40 flex flex-col text-white outline-none"
          aria-label="Image in full size"
        >
          <div className="flex h-14 shrink-0 items-center justify-between px-4 text-[13px] tabular-nums">
            <span aria-live="polite">
              {images.length > 1 && `${index + 1} of ${images.length} · `}
              {image && formatPixels(image)}
            </span>
            <Base.Close render={<Round icon={X} label="Close" />} />
          </div>
          {image && <ZoomableImage key={image.id} image={image} alt={alt} />}
          {images.length > 1 && (
            <>
              <Round
                icon={ChevronLeft}
                label="The image before"
                disabled={index === 0}
                onClick={() => go(-1)}
                className="absolute top-1/2 left-3"
              />
              <Round
                icon={ChevronRight}
                label="The next image"
                disabled={index === images.length - 1}
                onClick={() => go(1)}
                className="absolute top-1/2 right-3"
              />
            </>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

interface RoundProps extends ComponentProps<'button'> {
  icon: typeof X
  label: string
}

const Round = ({ icon: Icon, label, className = '', ...rest }: RoundProps) => (
  <button
    type="button"
    {...rest}
    aria-label={label}
    title={label}
    className={`flex size-12 items-center justify-center rounded-full bg-black/60 text-white transition-colors hover:bg-white/20 focus-visible:outline-white disabled:opacity-0 ${className}`}
  >
    <Icon className="size-5" aria-hidden />
  </button>
)
