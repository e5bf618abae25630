import { Brush, ImagePlus, Trash2 } from 'lucide-react'
import { useRef } from 'react'
import { PictureInput } from '../../../components/choose-picture.tsx'
import { Button } from '../../../components/ui/button.tsx'
import { formatPixels } from '../../../lib/format.ts'
import { callLimits } from '../../../lib/call-limits.ts'
import type { SourceImage } from './source-image.ts'
import { setMask } from './source-store.ts'
import { SourceThumbnail } from './source-thumbnail.tsx'

export interface SourceImagesProps {
  sources: readonly SourceImage[]
  /** What is wrong with them, or with files that were to be added. */
  error: string | undefined
  /** The model takes a mask. */
  canMask: boolean
  onFiles: (files: File[]) => void
  onPaint: (source: SourceImage) => void
}

/** The images to edit, in their order, with the mask of the first one. */
export function SourceImages({ sources, error, canMask, onFiles, onPaint }: SourceImagesProps) {
  const [first] = sources
  return (
    <div role="group" aria-label="Source images" className="flex flex-col gap-2">
      {first ? (
        <>
          <div className="flex items-baseline justify-between gap-2 text-[13px]">
            <span className="font-medium text-muted">{sources.length === 1 ? 'Source image' : 'Source images'}</span>
            <span className="text-xs text-faint">{formatPixels(first)}</span>
          </div>
          <ol className="grid grid-cols-4 gap-2">
            {sources.map((source, index) => (
              <SourceThumbnail
                key={source.key}
                source={source}
                index={index}
                count={sources.length}
                showsMask={canMask && index === 0}
              />
            ))}
            {sources.length < callLimits().maxInputImages && (
              <li className="aspect-square">
                <FileButton onFiles={onFiles} />
              </li>
            )}
          </ol>
          {canMask && <MaskButtons source={first} onPaint={onPaint} />}
        </>
      ) : (
        <FileButton onFiles={onFiles} text="Add images to edit: drop, paste or choose" />
      )}
      {error !== undefined && (
        <p role="alert" className="text-xs whitespace-pre-line text-bad">
          {error}
        </p>
      )}
    </div>
  )
}

function MaskButtons({ source, onPaint }: { source: SourceImage; onPaint: (source: SourceImage) => void }) {
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Button size="small" icon={Brush} onClick={() => onPaint(source)}>
        {source.mask ? 'Edit the mask' : 'Paint what to change'}
      </Button>
      {source.mask && (
        <Button size="small" look="ghost" icon={Trash2} onClick={() => setMask(source.key, undefined)}>
          Remove the mask
        </Button>
      )}
    </div>
  )
}

/** A wide one says what it is for, a square one stands among the thumbnails. */
function FileButton({ onFiles, text }: { onFiles: (files: File[]) => void; text?: string }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <>
      <button
        type="button"
        {...(text === undefined && { 'aria-label': 'Add images', title: 'Add images' })}
        onClick={() => input.current?.click()}
        className="flex size-full min-h-[40px] items-center justify-center gap-2 rounded-lg border border-dashed border-line-strong/60 px-3 text-[13px] text-muted transition-colors hover:border-accent hover:text-accent"
      >
        <ImagePlus className="size-4 shrink-0" aria-hidden />
        {text}
      </button>
      <PictureInput ref={input} multiple onFiles={onFiles} />
    </>
  )
}
