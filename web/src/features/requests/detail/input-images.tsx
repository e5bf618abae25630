import { useState } from 'react'
import type { ImageInfo, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { StoredImage } from '../../../components/stored-image.tsx'
import { formatPixels } from '../../../lib/format.ts'
import { Lightbox } from './lightbox.tsx'
import { Panel } from '../../../components/ui/panel.tsx'

/** What an edit or a variation began with. */
export function InputImages({ request: { inputs, mask } }: { request: RequestSummary }) {
  const [open, setOpen] = useState<number>()
  const images = [...inputs, ...(mask ? [mask] : [])]
  if (images.length === 0) return null
  const nameOf = (image: ImageInfo, index: number) =>
    image === mask ? 'Mask' : inputs.length > 1 ? `Input ${index + 1}` : 'Input'
  return (
    <Panel title="Inputs">
      <ul className="flex flex-wrap gap-3">
        {images.map((image, index) => (
          <li key={image.id} className="flex max-w-full flex-col gap-1.5">
            <button
              type="button"
              onClick={() => setOpen(index)}
              className="checkerboard h-36 max-w-full cursor-zoom-in! overflow-hidden rounded-lg border border-line"
              style={{ aspectRatio: Math.min(2.4, Math.max(0.5, image.width / image.height)) }}
            >
              <StoredImage
                image={image}
                alt={`${nameOf(image, index)}: look at it in full size`}
                sizes="240px"
                className="size-full object-cover"
              />
            </button>
            <span className="flex flex-col">
              <span className="text-[13px]">{nameOf(image, index)}</span>
              <span className="text-xs text-faint">
                {image === mask ? 'Transparent: to change' : formatPixels(image)}
              </span>
            </span>
          </li>
        ))}
      </ul>
      {open !== undefined && (
        <Lightbox images={images} index={open} alt="An input" onIndex={setOpen} onClose={() => setOpen(undefined)} />
      )}
    </Panel>
  )
}
