import { SplitSquareHorizontal } from 'lucide-react'
import { useState } from 'react'
import type { ImageInfo, RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { StoredImage } from '../../../components/stored-image.tsx'
import { Button } from '../../../components/ui/button.tsx'
import { CompareSlider } from './compare-slider.tsx'
import { Filmstrip } from './filmstrip.tsx'
import { Lightbox } from './lightbox.tsx'
import { promptOf } from '../request-words.ts'
import { fitting } from './stage-size.ts'
import { UnfinishedStage } from './unfinished-stage.tsx'
import type { Picture } from './use-pictures.ts'

export interface StageProps {
  request: RequestSummary
  pictures: readonly Picture[]
  index: number
  onChoose: (index: number) => void
}

/** The images of a request, one of them large; or how far it is, or that there are none. */
export function Stage({ request, pictures, index, onChoose }: StageProps) {
  const [isOpen, setIsOpen] = useState(false)
  const [isComparing, setIsComparing] = useState(false)
  const picture = pictures[index]
  const image = picture?.image
  const before = image && comparable(request, image)
  const images = pictures.flatMap((one) => (one.image ? [one.image] : []))
  return (
    <section aria-label="Images" className="flex min-w-0 flex-col gap-3">
      <div className="relative flex min-h-64 items-center justify-center overflow-hidden rounded-2xl border border-line bg-sunken">
        {image && before && isComparing ? (
          <CompareSlider before={before} after={image} style={fitting(image)} />
        ) : image ? (
          <LargeImage image={image} alt={promptOf(request)} onOpen={() => setIsOpen(true)} />
        ) : (
          <UnfinishedStage request={request} picture={picture} />
        )}
        {before && (
          <Button
            size="small"
            icon={SplitSquareHorizontal}
            aria-pressed={isComparing}
            onClick={() => setIsComparing((now) => !now)}
            className="absolute top-3 right-3"
          >
            {isComparing ? 'Show the result' : 'Compare'}
          </Button>
        )}
      </div>
      {pictures.length > 1 && <Filmstrip request={request} pictures={pictures} index={index} onChoose={onChoose} />}
      {isOpen && image && (
        <Lightbox
          images={images}
          index={images.indexOf(image)}
          alt={promptOf(request)}
          onIndex={(next) => onChoose(pictures.findIndex((one) => one.image === images[next]))}
          onClose={() => setIsOpen(false)}
        />
      )}
    </section>
  )
}

const LargeImage = ({ image, alt, onOpen }: { image: ImageInfo; alt: string; onOpen: () => void }) => (
  <button
    type="button"
    onClick={onOpen}
    aria-label="Look at it in full size"
    className="block max-w-full cursor-zoom-in! focus-visible:-outline-offset-2"
    style={fitting(image)}
  >
    <StoredImage image={image} alt={alt} isMain sizes="(width < 64rem) 100vw, 60vw" className="size-full" />
  </button>
)

/** The image that an edit began with, when both have the same shape and can be laid over each other. */
function comparable({ inputs: [input] }: RequestSummary, image: ImageInfo): ImageInfo | undefined {
  if (!input) return undefined
  const shapes = input.width / input.height / (image.width / image.height)
  return Math.abs(shapes - 1) < 0.02 ? input : undefined
}
