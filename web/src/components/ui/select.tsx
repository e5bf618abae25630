import { Select as Base } from '@base-ui/react/select'
import { clsx } from 'clsx'
import { Check, ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'
import { inputClass } from './field.tsx'

export interface SelectOption<V extends string> {
  value: V
  label: string
  /** A second line in the list. */
  detail?: ReactNode
}

export interface SelectProps<V extends string> {
  value: V
  options: readonly SelectOption<V>[]
  onChange: (value: V) => void
  /** Its name where no `Field` around it has a label. */
  label?: string
  className?: string
  disabled?: boolean
}

/** One of a list. Works within a `Field`, whose label it takes. */
export function Select<V extends string>({ value, options, onChange, label, className, disabled }: SelectProps<V>) {
  return (
    <Base.Root
      value={value}
      items={options.map((one) => ({ value: one.value, label: one.label }))}
      onValueChange={(chosen) => onChange(chosen as V)}
      {...(disabled !== undefined && { disabled })}
    >
      <Base.Trigger
        {...(label !== undefined && { 'aria-label': label })}
        className={clsx(
          inputClass,
          'flex h-9 items-center justify-between gap-2 text-left pointer-coarse:h-[44px]',
          className
        )}
      >
        <Base.Value className="truncate" />
        <Base.Icon>
          <ChevronsUpDown className="size-4 shrink-0 text-faint" aria-hidden />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal>
        <Base.Positioner sideOffset={4} alignItemWithTrigger={false} className="z-50">
          <Base.Popup className="max-h-80 max-w-(--available-width) min-w-(--anchor-width) overflow-y-auto rounded-xl border border-line bg-raised p-1 shadow-pop">
            {options.map((option) => (
              <Base.Item
                key={option.value}
                value={option.value}
                className="flex cursor-default items-center gap-2 rounded-lg py-1.5 pr-3 pl-2 outline-none select-none data-highlighted:bg-hover pointer-coarse:py-3"
              >
                <span className="flex size-4 items-center">
                  <Base.ItemIndicator>
                    <Check className="size-4 text-accent" aria-hidden />
                  </Base.ItemIndicator>
                </span>
                <span className="flex min-w-0 flex-col">
                  <Base.ItemText className="truncate">{option.label}</Base.ItemText>
                  {option.detail !== undefined && <span className="text-xs text-faint">{option.detail}</span>}
                </span>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
