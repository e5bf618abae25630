import { ArrowLeft, ArrowRight, EllipsisVertical, Star, X } from 'lucide-react'
import type { CSSProperties } from 'react'
import { IconButton } from '../../../components/ui/icon-button.tsx'
import { Menu, type MenuEntry } from '../../../components/ui/menu.tsx'
import type { SourceImage } from './source-image.ts'
import { moveSource, removeSource } from './source-store.ts'

export interface SourceThumbnailProps {
  source: SourceImage
  index: number
  count: number
  showsMask: boolean
}

export function SourceThumbnail({ source, index, count, showsMask }: SourceThumbnailProps) {
  const name = count === 1 ? 'the source image' : `source image ${index + 1}`
  const moves = movesOf(source.key, { index, count })
  return (
    <li className="group relative aspect-square overflow-hidden rounded-lg border border-line bg-sunken">
      <img
        src={source.url}
        alt={`Source ${index + 1}: ${source.name}`}
        title={source.name}
        className="size-full object-cover"
        draggable={false}
      />
      {showsMask && source.mask && (
        <div aria-hidden className="absolute inset-0 bg-accent/60" style={maskStyle(source.mask.url)} />
      )}
      {count > 1 && (
        <span
          aria-hidden
          className="absolute bottom-1 left-1 rounded bg-black/60 px-1.5 text-[11px] font-medium text-white tabular-nums"
        >
          {index + 1}
        </span>
      )}
      <IconButton
        icon={X}
        label={`Remove ${name}`}
        look="secondary"
        size="small"
        className="absolute top-1 right-1 size-6! min-w-0! rounded-md! pointer-coarse:size-10! pointer-coarse:min-h-10!"
        onClick={() => removeSource(source.key)}
      />
      {moves.length > 0 && (
        <div className="absolute right-1 bottom-1">
          <Menu
            trigger={
              <IconButton
                icon={EllipsisVertical}
                label={`Order of ${name}`}
                look="secondary"
                size="small"
                className="size-6! min-w-0! rounded-md! pointer-coarse:size-10! pointer-coarse:min-h-10!"
              />
            }
            entries={moves}
          />
        </div>
      )}
    </li>
  )
}

function movesOf(key: string, { index, count }: { index: number; count: number }): MenuEntry[] {
  return [
    ...(index > 0 ? [{ label: 'Make it the first', icon: Star, onSelect: () => moveSource(key, 0) }] : []),
    ...(index > 1 ? [{ label: 'Move left', icon: ArrowLeft, onSelect: () => moveSource(key, index - 1) }] : []),
    ...(index < count - 1
      ? [{ label: 'Move right', icon: ArrowRight, onSelect: () => moveSource(key, index + 1) }]
      : [])
  ]
}

/** Shows where a mask is transparent: everything but its opaque part. */
const maskStyle = (url: string): CSSProperties => ({
  maskImage: `url("${url}"), linear-gradient(#000, #000)`,
  maskSize: 'cover, cover',
  maskPosition: 'center, center',
  maskComposite: 'exclude'
})
