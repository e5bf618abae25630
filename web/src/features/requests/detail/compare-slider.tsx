import { type CSSProperties, useState } from 'react'
import { ChevronsLeftRight } from 'lucide-react'
import type { ImageInfo } from '../../../../../src/http/dashboard/contract/requests.ts'
import { StoredImage } from '../../../components/stored-image.tsx'

export interface CompareSliderProps {
  before: ImageInfo
  after: ImageInfo
  style: CSSProperties
}

/** Two images of one shape over each other; left of the line is the one before. */
export function CompareSlider({ before, after, style }: CompareSliderProps) {
  const [percent, setPercent] = useState(50)
  const look = { isMain: true, sizes: '(width < 64rem) 100vw, 60vw' }
  return (
    <div className="relative max-w-full select-none" style={style}>
      <StoredImage image={after} alt="After" {...look} className="size-full" />
      <div className="absolute inset-0 bg-sunken" style={{ clipPath: `inset(0 ${100 - percent}% 0 0)` }}>
        <StoredImage image={before} alt="Before" {...look} className="size-full object-cover" />
      </div>
      <input
        type="range"
        aria-label="How much of the image before is shown"
        min={0}
        max={100}
        value={percent}
        onChange={(event) => setPercent(event.target.valueAsNumber)}
        className="peer absolute inset-0 size-full cursor-ew-resize appearance-none opacity-0"
      />
      <div
        aria-hidden
        className="pointer-events-none absolute inset-y-0 w-0.5 -translate-x-1/2 bg-white shadow-pop peer-focus-visible:outline-2 peer-focus-visible:outline-accent"
        style={{ left: `${percent}%` }}
      >
        <span className="absolute top-1/2 left-1/2 flex size-9 -translate-1/2 items-center justify-center rounded-full bg-white text-black shadow-pop">
          <ChevronsLeftRight className="size-4" />
        </span>
      </div>
      <span aria-hidden className="absolute bottom-3 left-3 rounded-full bg-black/60 px-2 py-0.5 text-xs text-white">
        Before
      </span>
      <span aria-hidden className="absolute right-3 bottom-3 rounded-full bg-black/60 px-2 py-0.5 text-xs text-white">
        After
      </span>
    </div>
  )
}
