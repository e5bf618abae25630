import { Toggle } from '@base-ui/react/toggle'
import { ToggleGroup } from '@base-ui/react/toggle-group'
import { clsx } from 'clsx'
import type { ReactNode } from 'react'

export interface SegmentedProps<V extends string> {
  label: string
  value: V
  options: readonly { value: V; label: ReactNode; title?: string }[]
  onChange: (value: V) => void
  className?: string
}

/** One of a few, all visible at once. */
export function Segmented<V extends string>({ label, value, options, onChange, className }: SegmentedProps<V>) {
  return (
    <ToggleGroup
      aria-label={label}
      value={[value]}
      onValueChange={([chosen]) => chosen !== undefined && onChange(chosen as V)}
      className={clsx('inline-flex rounded-lg border border-line bg-sunken p-0.5', className)}
    >
      {options.map((option) => (
        <Toggle
          key={option.value}
          value={option.value}
          {...(option.title !== undefined && { 'aria-label': option.title, title: option.title })}
          className="inline-flex h-8 flex-1 items-center justify-center gap-1.5 rounded-md px-3 text-[13px] font-medium whitespace-nowrap text-muted transition-colors hover:text-text data-pressed:bg-raised data-pressed:text-text data-pressed:shadow-card pointer-coarse:h-[40px]"
        >
          {option.label}
        </Toggle>
      ))}
    </ToggleGroup>
  )
}
