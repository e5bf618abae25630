import { Field as Base } from '@base-ui/react/field'
import { clsx } from 'clsx'
import type { ComponentProps, ReactNode } from 'react'

export const inputClass =
  'w-full rounded-lg border border-line-strong/60 bg-surface px-3 text-text shadow-card transition-colors placeholder:text-faint hover:border-line-strong focus:border-accent focus:outline-2 focus:outline-offset-0 focus:outline-accent/30 disabled:opacity-60 aria-invalid:border-bad data-invalid:border-bad'

export interface FieldProps {
  label: ReactNode
  /** The label is there for screen readers only. */
  hideLabel?: boolean
  hint?: ReactNode
  error?: string | undefined
  className?: string
  children: ReactNode
}

/** A label, a control of Base UI's `Field` (`TextInput`, `TextArea`, …), a hint, and what is wrong with the entry. */
export function Field({ label, hideLabel = false, hint, error, className, children }: FieldProps) {
  return (
    <Base.Root invalid={error !== undefined} className={clsx('flex flex-col gap-1.5', className)}>
      <Base.Label className={clsx('text-[13px] font-medium text-muted', hideLabel && 'sr-only')}>{label}</Base.Label>
      {children}
      {hint !== undefined && error === undefined && (
        <Base.Description className="text-xs text-faint">{hint}</Base.Description>
      )}
      {error !== undefined && (
        <Base.Error match className="text-xs text-bad">
          {error}
        </Base.Error>
      )}
    </Base.Root>
  )
}

export const TextInput = ({ className, ...rest }: ComponentProps<'input'>) => (
  <Base.Control render={<input {...rest} className={clsx(inputClass, 'h-9 pointer-coarse:h-[44px]', className)} />} />
)

export const TextArea = ({ className, ...rest }: ComponentProps<'textarea'>) => (
  <Base.Control render={<textarea {...rest} className={clsx(inputClass, 'py-2 leading-relaxed', className)} />} />
)
