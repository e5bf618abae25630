import { clsx } from 'clsx'
import { LoaderCircle, type LucideIcon } from 'lucide-react'
import type { ComponentProps } from 'react'

const LOOKS = {
  primary: 'bg-accent text-on-accent hover:bg-accent-hover',
  secondary: 'border border-line bg-surface text-text shadow-card hover:bg-hover',
  ghost: 'text-muted hover:bg-hover hover:text-text',
  danger: 'border border-line bg-surface text-bad shadow-card hover:bg-bad-soft'
}
const SIZES = { small: 'h-8 px-2.5 text-[13px]', medium: 'h-9 px-3.5', large: 'h-11 px-5 text-[15px]' }

/** The look of a button, for links that act like one. */
export const buttonClass = (look: keyof typeof LOOKS = 'secondary', size: keyof typeof SIZES = 'medium'): string =>
  clsx(
    'inline-flex shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap transition-colors select-none',
    'disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:cursor-not-allowed aria-disabled:opacity-50 pointer-coarse:min-h-[40px]',
    LOOKS[look],
    SIZES[size]
  )

export interface ButtonProps extends ComponentProps<'button'> {
  look?: keyof typeof LOOKS
  size?: keyof typeof SIZES
  icon?: LucideIcon
  /** Work it started is under way: it cannot be pressed again. */
  busy?: boolean
  /** The id of what says why it does nothing now. Not `disabled`: it keeps the focus, and can be reached to hear why. */
  whyNot?: string | undefined
  /** In place of what it does otherwise. */
  onWhyNot?: () => void
}

export function Button(props: ButtonProps) {
  const { look, size, icon: Icon, busy = false, whyNot, onWhyNot, className, children, ...rest } = props
  return (
    <button
      type="button"
      {...rest}
      {...(whyNot !== undefined && {
        'aria-disabled': true,
        'aria-describedby': whyNot,
        onClick: (event) => {
          event.preventDefault()
          onWhyNot?.()
        }
      })}
      disabled={rest.disabled === true || busy}
      aria-busy={busy || undefined}
      className={clsx(buttonClass(look, size), className)}
    >
      {busy ? (
        <LoaderCircle className="size-4 animate-spin" aria-hidden />
      ) : (
        Icon && <Icon className="size-4" aria-hidden />
      )}
      {children}
    </button>
  )
}
