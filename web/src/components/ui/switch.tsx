import { Switch as Base } from '@base-ui/react/switch'
import type { ReactNode } from 'react'

export interface SwitchProps {
  checked: boolean
  onChange: (checked: boolean) => void
  children: ReactNode
}

/** On or off, at once; its children are its label. */
export function Switch({ checked, onChange, children }: SwitchProps) {
  return (
    <label className="flex items-center gap-2.5 select-none pointer-coarse:min-h-[40px]">
      <Base.Root
        checked={checked}
        onCheckedChange={onChange}
        className="flex h-5 w-9 shrink-0 rounded-full bg-line-strong p-0.5 transition-colors data-checked:bg-accent"
      >
        <Base.Thumb className="size-4 rounded-full bg-surface shadow-card transition-transform data-checked:translate-x-4" />
      </Base.Root>
      {children}
    </label>
  )
}
