import { Brush, Contrast, Eraser, Maximize, Redo2, Trash2, Undo2, ZoomIn, ZoomOut } from 'lucide-react'
import type { ReactNode } from 'react'
import { IconButton } from '../../../components/ui/icon-button.tsx'
import { Segmented } from '../../../components/ui/segmented.tsx'
import { Slider } from '../../../components/ui/slider.tsx'

export interface MaskActions {
  paint: () => void
  erase: () => void
  undo: () => void
  redo: () => void
  invert: () => void
  clear: () => void
  larger: () => void
  smaller: () => void
  zoomIn: () => void
  zoomOut: () => void
  fit: () => void
}

export interface MaskToolbarProps {
  actions: MaskActions
  isErasing: boolean
  brush: number
  brushRange: { min: number; max: number }
  onBrush: (size: number) => void
  canUndo: boolean
  canRedo: boolean
}

export function MaskToolbar({ actions, isErasing, brush, brushRange, onBrush, canUndo, canRedo }: MaskToolbarProps) {
  return (
    <div role="group" aria-label="Mask tools" className="flex flex-wrap items-center gap-x-2 gap-y-1 sm:gap-x-4">
      <Segmented
        label="Tool"
        value={isErasing ? 'erase' : 'paint'}
        options={[
          { value: 'paint', label: <Tool icon={<Brush className="size-4" aria-hidden />} text="Brush" /> },
          { value: 'erase', label: <Tool icon={<Eraser className="size-4" aria-hidden />} text="Eraser" /> }
        ]}
        onChange={(tool) => (tool === 'erase' ? actions.erase() : actions.paint())}
      />
      <div className="flex items-center">
        <IconButton icon={ZoomOut} label="Zoom out (-)" className="pointer-coarse:hidden" onClick={actions.zoomOut} />
        <IconButton icon={ZoomIn} label="Zoom in (+)" className="pointer-coarse:hidden" onClick={actions.zoomIn} />
        <IconButton icon={Maximize} label="Zoom to fit (0)" onClick={actions.fit} />
      </div>
      <div className="flex items-center">
        <IconButton icon={Undo2} label="Undo (Ctrl Z)" disabled={!canUndo} onClick={actions.undo} />
        <IconButton icon={Redo2} label="Redo (Ctrl Shift Z)" disabled={!canRedo} onClick={actions.redo} />
        <IconButton icon={Contrast} label="Invert (I)" onClick={actions.invert} />
        <IconButton icon={Trash2} label="Clear" onClick={actions.clear} />
      </div>
      <div className="flex min-w-32 flex-1 items-center gap-3 sm:max-w-72">
        <Slider
          label="Brush size"
          hideLabel
          value={brush}
          min={brushRange.min}
          max={brushRange.max}
          onChange={onBrush}
          className="flex-1"
        />
        <span className="w-12 text-right text-xs text-muted tabular-nums">{brush} px</span>
      </div>
    </div>
  )
}

const Tool = ({ icon, text }: { icon: ReactNode; text: string }) => (
  <>
    {icon}
    {text}
  </>
)
