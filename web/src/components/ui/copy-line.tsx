import { clsx } from 'clsx'
import type { ReactNode } from 'react'
import { CopyButton } from './copy-button.tsx'

export interface CopyLineProps {
  /** What it is. */
  label: ReactNode
  text: string
  hint?: ReactNode
  onCopied?: () => void
  /** The one that matters most of several. */
  prominent?: boolean
}

/** A secret, a link or a command: to be read, selected whole with one click, or copied. */
export function CopyLine({ label, text, hint, onCopied, prominent = false }: CopyLineProps) {
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <span className="text-[13px] font-medium text-muted">{label}</span>
      <div
        className={clsx(
          'flex items-center gap-2 rounded-lg border py-1 pr-1 pl-3',
          prominent ? 'border-accent/40 bg-accent-soft' : 'border-line bg-sunken'
        )}
      >
        <code
          className="min-w-0 flex-1 py-1 font-mono text-[13px] [overflow-wrap:anywhere] select-all"
          onCopy={onCopied}
        >
          {text}
        </code>
        <CopyButton
          text={text}
          look={prominent ? 'primary' : 'secondary'}
          {...(onCopied && { onCopied })}
          {...(typeof label === 'string' && { 'aria-label': `Copy: ${label}` })}
        />
      </div>
      {hint !== undefined && <span className="text-xs text-faint">{hint}</span>}
    </div>
  )
}
