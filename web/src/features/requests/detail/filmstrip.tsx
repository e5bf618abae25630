import { clsx } from 'clsx'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { StoredImage } from '../../../components/stored-image.tsx'
import { UnfinishedImage } from '../tile-image.tsx'
import type { Picture } from './use-pictures.ts'

export interface FilmstripProps {
  request: RequestSummary
  pictures: readonly Picture[]
  index: number
  onChoose: (index: number) => void
}

/** The images of a request in a line; arrow keys go along it. */
export function Filmstrip({ request, pictures, index, onChoose }: FilmstripProps) {
  const strip = useRef<HTMLDivElement>(null)
  const moved = useRef(false)
  useEffect(() => {
    if (!moved.current) return
    moved.current = false
    strip.current?.querySelector<HTMLElement>('[aria-pressed=true]')?.focus()
  }, [index])
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    // The page has these keys, too.
    event.preventDefault()
    moved.current = true
    onChoose(Math.min(pictures.length - 1, Math.max(0, index + step)))
  }
  return (
    <div
      ref={strip}
      role="group"
      aria-label="Choose an image"
      className="flex gap-2 overflow-x-auto p-1"
      onKeyDown={onKeyDown}
    >
      {pictures.map(({ position, image }, at) => (
        <button
          key={position}
          type="button"
          aria-pressed={at === index}
          aria-label={`Image ${position + 1}${image ? '' : ', not done yet'}`}
          tabIndex={at === index ? 0 : -1}
          onClick={() => onChoose(at)}
          className={clsx(
            'size-18 shrink-0 overflow-hidden rounded-lg bg-sunken transition-opacity',
            at === index ? 'ring-2 ring-accent' : 'opacity-70 hover:opacity-100'
          )}
        >
          {image ? (
            <StoredImage image={image} alt="" sizes="72px" className="size-full object-cover" />
          ) : (
            <UnfinishedImage request={request} position={position} />
          )}
        </button>
      ))}
    </div>
  )
}
