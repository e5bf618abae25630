import { Checkbox as Base } from '@base-ui/react/checkbox'
import { clsx } from 'clsx'
import { Check } from 'lucide-react'
import type { ReactNode } from 'react'

export interface CheckboxProps {
  checked: boolean
  onChange: (checked: boolean) => void
  /** Its label. */
  children: ReactNode
  /** A second line: what it means. */
  detail?: ReactNode
  disabled?: boolean
  className?: string
}

/** One of several that may be chosen together. */
export function Checkbox({ checked, onChange, children, detail, disabled = false, className }: CheckboxProps) {
  return (
    <label
      className={clsx(
        'flex items-start gap-2.5 select-none pointer-coarse:min-h-[40px]',
        disabled && 'opacity-60',
        className
      )}
    >
      <Base.Root
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled}
        className="mt-0.5 flex size-4.5 shrink-0 items-center justify-center rounded-[5px] border border-line-strong bg-surface transition-colors data-checked:border-accent data-checked:bg-accent"
      >
        <Base.Indicator>
          <Check className="size-3.5 text-on-accent" strokeWidth={3} aria-hidden />
        </Base.Indicator>
      </Base.Root>
      <span className="flex min-w-0 flex-col">
        <span>{children}</span>
        {detail !== undefined && <span className="text-xs text-faint">{detail}</span>}
      </span>
    </label>
  )
}
