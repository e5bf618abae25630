import { clsx } from 'clsx'

/** What shows of the bar of an estimate. */
const STRIPES = 'repeating-linear-gradient(115deg, #000 0 6px, #0006 6px 12px)'

export interface ProgressBarProps {
  /** Done, of 100. */
  percent: number
  /** Of what, for screen readers. */
  label: string
  /** Nobody has told it: it is striped. */
  isEstimated?: boolean | undefined
  className?: string
}

/** How far something is. */
export function ProgressBar({ percent, label, isEstimated = false, className }: ProgressBarProps) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
      {...(isEstimated && { 'aria-valuetext': `about ${Math.round(percent)}%` })}
      className={clsx('h-1.5 overflow-hidden rounded-full bg-hover', className)}
    >
      <div
        className="h-full origin-left rounded-full bg-accent transition-transform duration-300"
        style={{ transform: `scaleX(${percent / 100})`, ...(isEstimated && { maskImage: STRIPES }) }}
      />
    </div>
  )
}
