import { Popover as Base } from '@base-ui/react/popover'
import type { ComponentProps, ReactElement, ReactNode, RefObject } from 'react'

export interface PopoverProps {
  trigger: ReactElement
  title: string
  children: ReactNode
}

/** A small window beside the button that opens it; what is around it can still be used. */
export function Popover({ trigger, title, children }: PopoverProps) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Window title={title} className="z-30">
        {children}
      </Window>
    </Base.Root>
  )
}

export interface OpenPopoverProps {
  /** Beside what it stands. */
  anchor: RefObject<Element | null>
  /** What has the focus first. */
  focus: RefObject<HTMLElement | null>
  title: string
  onClose: () => void
  children: ReactNode
}

/** The same without a button of its own: open while it is there, above dialogs too. */
export function OpenPopover({ anchor, focus, title, onClose, children }: OpenPopoverProps) {
  return (
    <Base.Root open onOpenChange={(next) => !next && onClose()}>
      <Window title={title} anchor={anchor} initialFocus={focus} className="z-50">
        {children}
      </Window>
    </Base.Root>
  )
}

interface WindowProps extends Pick<ComponentProps<typeof Base.Positioner>, 'anchor'> {
  initialFocus?: RefObject<HTMLElement | null>
  title: string
  className: string
  children: ReactNode
}

const Window = ({ title, className, anchor, initialFocus, children }: WindowProps) => (
  <Base.Portal>
    <Base.Positioner sideOffset={6} align="start" anchor={anchor} className={className}>
      <Base.Popup
        initialFocus={initialFocus}
        className="w-md max-w-[calc(100vw-2rem)] rounded-2xl border border-line bg-raised p-5 shadow-pop transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0"
      >
        <Base.Title className="sr-only">{title}</Base.Title>
        {children}
      </Base.Popup>
    </Base.Positioner>
  </Base.Portal>
)
