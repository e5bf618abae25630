import { useEffect, useState } from 'react'
import { Button } from '../../../components/ui/button.tsx'
import { Dialog } from '../../../components/ui/dialog.tsx'
import { Skeleton } from '../../../components/ui/states.tsx'
import { tellError } from '../../../components/ui/toaster.tsx'
import { messageOf } from '../../../lib/fetch-json.ts'
import type { SourceImage } from '../sources/source-image.ts'
import { setMask } from '../sources/source-store.ts'
import { makeMask } from './make-mask.ts'
import { MaskCanvas, useMaskView } from './mask-canvas.tsx'
import { beginHistory, type MaskOperation, perform, redo, undo } from './mask-operations.ts'
import { MaskToolbar } from './mask-toolbar.tsx'
import { zoomAt } from './mask-view.ts'
import { useMaskKeys } from './use-mask-keys.ts'

export interface MaskEditorProps {
  source: SourceImage
  onClose: () => void
}

const NOTHING: readonly MaskOperation[] = []
const BRUSH = { first: 48, min: 2, max: 240, step: 1.25 }

/** Paints what shall change. However it is closed, what was painted stays: undo takes it back. */
export function MaskEditor({ source, onClose }: MaskEditorProps) {
  const before = source.mask?.operations ?? NOTHING
  const [history, setHistory] = useState(() => beginHistory(before))
  const [isErasing, setErasing] = useState(false)
  const [brush, setBrush] = useState(BRUSH.first)
  const [isSaving, setSaving] = useState(false)
  const { measure, frame, view, setView } = useMaskView(source)
  const base = useImage(source.mask?.base)
  const apply = (operation: MaskOperation) => setHistory((one) => perform(one, operation))
  const resize = (factor: number) =>
    setBrush((size) => Math.round(Math.min(BRUSH.max, Math.max(BRUSH.min, size * factor))))
  const zoom = (factor: number) => {
    if (!frame || !view) return
    const at = { x: frame.window.width / 2, y: frame.window.height / 2 }
    setView(zoomAt(view, { ...frame, at, factor }))
  }
  const actions = {
    paint: () => setErasing(false),
    erase: () => setErasing(true),
    undo: () => setHistory(undo),
    redo: () => setHistory(redo),
    invert: () => apply({ type: 'invert' }),
    clear: () => apply({ type: 'clear' }),
    larger: () => resize(BRUSH.step),
    smaller: () => resize(1 / BRUSH.step),
    zoomIn: () => zoom(1.5),
    zoomOut: () => zoom(1 / 1.5),
    fit: () => setView(undefined)
  }
  useMaskKeys(actions)

  const close = () => {
    if (isSaving || base === 'loading') return
    if (history.done === before) return onClose()
    setSaving(true)
    makeMask({ image: source, operations: history.done, base })
      .then((mask) => setMask(source.key, mask))
      .catch((error: unknown) => tellError('The mask could not be made', messageOf(error)))
      .finally(onClose)
  }

  return (
    <Dialog
      open
      full
      onClose={close}
      title="Paint what to change"
      actions={
        <>
          <p className="mr-auto self-center text-xs text-faint pointer-coarse:hidden">
            The wheel zooms, the middle button moves, the right one erases. The keys [ and ] size the brush.
          </p>
          <Button look="primary" busy={isSaving} onClick={close}>
            Done
          </Button>
        </>
      }
    >
      <MaskToolbar
        actions={actions}
        isErasing={isErasing}
        brush={brush}
        brushRange={BRUSH}
        onBrush={setBrush}
        canUndo={history.done.length > 0}
        canRedo={history.undone.length > 0}
      />
      <div ref={measure} className="relative min-h-48 flex-1 overflow-hidden rounded-xl border border-line bg-sunken">
        {frame && view && base !== 'loading' ? (
          <MaskCanvas
            url={source.url}
            frame={frame}
            view={view}
            operations={history.done}
            base={base}
            brush={brush}
            erase={isErasing}
            onView={setView}
            onStroke={apply}
          />
        ) : (
          <Skeleton className="absolute inset-4" />
        )}
      </div>
    </Dialog>
  )
}

/** Null when there is none, or when it cannot be read any more. */
function useImage(url: string | undefined): HTMLImageElement | null | 'loading' {
  const [image, setImage] = useState<HTMLImageElement | null | 'loading'>(url === undefined ? null : 'loading')
  useEffect(() => {
    if (url === undefined) return
    const loading = new Image()
    loading.src = url
    loading.decode().then(
      () => setImage(loading),
      () => setImage(null)
    )
  }, [url])
  return image
}
