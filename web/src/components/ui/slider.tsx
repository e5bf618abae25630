import { Slider as Base } from '@base-ui/react/slider'
import { clsx } from 'clsx'
import type { ReactNode } from 'react'

export interface SliderProps {
  label: string
  /** The label is there for screen readers only. */
  hideLabel?: boolean
  value: number
  min: number
  max: number
  step?: number
  onChange: (value: number) => void
  /** The value as people read it. */
  text?: ReactNode
  className?: string
}

/** A value that is chosen by eye. */
export function Slider({ label, hideLabel = false, text, onChange, className, ...range }: SliderProps) {
  return (
    <Base.Root
      {...range}
      onValueChange={(value) => onChange(value as number)}
      className={clsx('flex flex-col gap-1', className)}
    >
      {!hideLabel && (
        <span className="flex justify-between gap-2 text-[13px] font-medium text-muted">
          {label}
          {text !== undefined && <span className="tabular-nums">{text}</span>}
        </span>
      )}
      <Base.Control className="flex h-9 touch-none items-center select-none pointer-coarse:h-[44px]">
        <Base.Track className="h-1.5 w-full rounded-full bg-line">
          <Base.Indicator className="rounded-full bg-accent" />
          <Base.Thumb
            aria-label={label}
            className="size-5 rounded-full border-2 border-accent bg-raised shadow-card has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent pointer-coarse:size-6"
          />
        </Base.Track>
      </Base.Control>
    </Base.Root>
  )
}
