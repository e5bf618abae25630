import { NumberField } from '@base-ui/react/number-field'
import { clsx } from 'clsx'
import { Minus, Plus } from 'lucide-react'
import { inputClass } from './field.tsx'

export interface StepperProps {
  value: number
  min: number
  max: number
  onChange: (value: number) => void
  name?: string
}

const buttonClass =
  'flex w-9 shrink-0 items-center justify-center rounded-md text-muted transition-colors hover:bg-hover hover:text-text disabled:cursor-not-allowed disabled:opacity-40 pointer-coarse:w-[40px]'

/** A small whole number. Works within a `Field`, whose label it takes. */
export function Stepper({ value, min, max, onChange, name }: StepperProps) {
  return (
    <NumberField.Root
      value={value}
      min={min}
      max={max}
      onValueChange={(next) => next !== null && onChange(Math.round(next))}
      {...(name !== undefined && { name })}
    >
      <NumberField.Group className={clsx(inputClass, 'flex h-9 items-stretch p-0.5 px-0.5! pointer-coarse:h-[44px]')}>
        <NumberField.Decrement className={buttonClass} aria-label="Fewer">
          <Minus className="size-4" aria-hidden />
        </NumberField.Decrement>
        <NumberField.Input className="w-0 min-w-0 flex-1 bg-transparent text-center tabular-nums outline-none" />
        <NumberField.Increment className={buttonClass} aria-label="More">
          <Plus className="size-4" aria-hidden />
        </NumberField.Increment>
      </NumberField.Group>
    </NumberField.Root>
  )
}
