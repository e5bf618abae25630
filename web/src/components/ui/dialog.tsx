import { Dialog as Base } from '@base-ui/react/dialog'
import { clsx } from 'clsx'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'

export interface DialogProps {
  open: boolean
  onClose: () => void
  title: string
  description?: ReactNode
  /** Buttons below, the one that does it last. */
  actions?: ReactNode
  wide?: boolean
  /** Takes nearly the whole window; its content fills the height. */
  full?: boolean
  children?: ReactNode
}

/** A window above the page that keeps the focus until it is closed. */
export function Dialog({
  open,
  onClose,
  title,
  description,
  actions,
  wide = false,
  full = false,
  children
}: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop
          // That of a dialog above a dialog, too.
          forceRender
          data-backdrop=""
          className="fixed inset-0 z-40 bg-black/50 transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
        />
        <Base.Popup
          className={clsx(
            'fixed top-1/2 left-1/2 z-40 flex max-h-[90dvh] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-2xl border border-line bg-raised shadow-pop outline-none',
            'transition-all data-ending-style:scale-98 data-ending-style:opacity-0 data-starting-style:scale-98 data-starting-style:opacity-0',
            full ? 'h-[94dvh] max-h-[94dvh]' : wide ? 'max-w-3xl' : 'max-w-md'
          )}
        >
          <div className="flex items-start justify-between gap-4 px-5 pt-4">
            <Base.Title className="pt-1 text-base font-semibold">{title}</Base.Title>
            {/* Without a tooltip: it would be what the first Escape closes when the focus begins here. */}
            <Base.Close
              render={<Button look="ghost" size="small" icon={X} aria-label="Close" className="-mr-1.5 w-8 px-0!" />}
            />
          </div>
          <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-5 pt-1 pb-5">
            {description !== undefined && (
              <Base.Description render={<div />} className="text-muted">
                {description}
              </Base.Description>
            )}
            {children}
          </div>
          {actions !== undefined && (
            <div className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">{actions}</div>
          )}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
