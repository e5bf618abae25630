import { useState } from 'react'

export const GALLERY_VIEWS = ['grid', 'list'] as const
export type GalleryView = (typeof GALLERY_VIEWS)[number]

const KEY = 'gallery-view'

/** How the reader wants to see requests; remembered by the browser. */
export function useGalleryView(): [GalleryView, (view: GalleryView) => void] {
  const [view, setView] = useState<GalleryView>(
    () => GALLERY_VIEWS.find((one) => one === localStorage.getItem(KEY)) ?? 'grid'
  )
  const change = (next: GalleryView) => {
    localStorage.setItem(KEY, next)
    setView(next)
  }
  return [view, change]
}
