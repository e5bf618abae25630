import { ImagePlus } from 'lucide-react'
import { useEffect, useEffectEvent, useState } from 'react'
import { draggedImage, holdsImages, pastedImages } from './dragged-image.ts'

export interface DropAnywhereProps {
  onFiles: (files: File[]) => void
  /** An image of the page itself. */
  onAsset: (assetId: string) => void
}

/** Takes images that are dropped or pasted anywhere on the page, and says so while something is dragged over it. */
export function DropAnywhere({ onFiles, onAsset }: DropAnywhereProps) {
  const over = useDroppedImages({ onFiles, onAsset })
  if (!over) return null
  return (
    <div
      aria-hidden
      className="pointer-events-none fixed inset-0 z-50 flex items-center justify-center bg-canvas/80 p-6 backdrop-blur-sm"
    >
      <div className="flex size-full flex-col items-center justify-center gap-3 rounded-3xl border-2 border-dashed border-accent text-accent">
        <ImagePlus className="size-10" />
        <p className="text-lg font-semibold">Drop images to edit them</p>
      </div>
    </div>
  )
}

function useDroppedImages({ onFiles, onAsset }: DropAnywhereProps): boolean {
  const [over, setOver] = useState(false)
  const take = useEffectEvent((data: DataTransfer) => {
    const asset = draggedImage(data)
    if (asset !== undefined) onAsset(asset)
    else if (data.files.length > 0) onFiles([...data.files])
  })
  const paste = useEffectEvent((event: ClipboardEvent) => {
    const files = event.clipboardData ? pastedImages(event.clipboardData) : []
    if (files.length === 0) return
    event.preventDefault()
    onFiles(files)
  })
  useEffect(() => {
    const ending = new AbortController()
    const { signal } = ending
    const onOver = (event: DragEvent) => {
      if (!event.dataTransfer || !holdsImages(event.dataTransfer)) return
      // Without this the browser would open the file instead of the page.
      event.preventDefault()
      event.dataTransfer.dropEffect = 'copy'
      setOver(true)
    }
    addEventListener('dragover', onOver, { signal })
    // Leaving an element for another one inside the page has a target to go to.
    addEventListener('dragleave', (event) => event.relatedTarget === null && setOver(false), { signal })
    addEventListener('dragend', () => setOver(false), { signal })
    addEventListener(
      'drop',
      (event) => {
        setOver(false)
        if (!event.dataTransfer || !holdsImages(event.dataTransfer)) return
        event.preventDefault()
        take(event.dataTransfer)
      },
      { signal }
    )
    addEventListener('paste', (event) => paste(event), { signal })
    return () => ending.abort()
  }, [])
  return over
}
