import { Menu as Base } from '@base-ui/react/menu'
import { clsx } from 'clsx'
import type { LucideIcon } from 'lucide-react'
import type { ReactElement } from 'react'

export interface MenuEntry {
  label: string
  icon?: LucideIcon
  danger?: boolean
  onSelect: () => void
}

/** A button that opens a list of actions. */
export function Menu({ trigger, entries }: { trigger: ReactElement; entries: readonly MenuEntry[] }) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner sideOffset={6} align="end" className="z-50">
          <Base.Popup className="min-w-44 rounded-xl border border-line bg-raised p-1 shadow-pop outline-none">
            {entries.map(({ label, icon: Icon, danger, onSelect }) => (
              <Base.Item
                key={label}
                onClick={onSelect}
                className={clsx(
                  'flex cursor-default items-center gap-2.5 rounded-lg px-2.5 py-1.5 outline-none select-none data-highlighted:bg-hover pointer-coarse:py-3',
                  danger && 'text-bad'
                )}
              >
                {Icon && <Icon className="size-4 opacity-80" aria-hidden />}
                {label}
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
