import { clsx } from 'clsx'
import { ImageOff } from 'lucide-react'
import { useState } from 'react'
import type { ImageInfo } from '../../../src/http/dashboard/contract/requests.ts'
import { imageSet, imageUrl, thumbnailUrl } from '../lib/assets.ts'

export interface StoredImageProps {
  image: ImageInfo
  /** Empty where a text beside it says the same. */
  alt: string
  /** How wide it is shown, as in the `sizes` of HTML. */
  sizes: string
  /** What the page is about: fetched at once, up to the image as it was made, over a checkerboard. */
  isMain?: boolean
  className?: string
}

/** Of the copy that stands in for an image until it is here; a list has fetched it before, mostly. */
const STAND_IN_WIDTH = 512

/** A stored image in the size the screen needs; a calm placeholder when its bytes cannot be had. */
export function StoredImage({ image, alt, sizes, isMain = false, className }: StoredImageProps) {
  const [brokenId, setBrokenId] = useState<string>()
  const [loadedId, setLoadedId] = useState<string>()
  const isLoaded = loadedId === image.id
  if (brokenId === image.id) {
    return (
      <span
        {...(alt === '' ? { 'aria-hidden': true } : { role: 'img', 'aria-label': `${alt} (cannot be shown)` })}
        className={clsx('flex items-center justify-center bg-sunken text-faint', className)}
      >
        <ImageOff className="size-5 opacity-60" />
      </span>
    )
  }
  const standIn = { background: `url("${thumbnailUrl(image.id, STAND_IN_WIDTH)}") 0 0 / 100% 100%` }
  return (
    <img
      key={image.id}
      src={isMain ? imageUrl(image.id) : thumbnailUrl(image.id, STAND_IN_WIDTH)}
      srcSet={imageSet(image, isMain)}
      sizes={sizes}
      width={image.width}
      height={image.height}
      loading={isMain ? 'eager' : 'lazy'}
      decoding="async"
      draggable={false}
      alt={alt}
      onLoad={() => setLoadedId(image.id)}
      onError={() => setBrokenId(image.id)}
      className={clsx(className, isMain && isLoaded && 'checkerboard')}
      {...(isMain && !isLoaded && { style: standIn })}
    />
  )
}
