import { CircleAlert, Sparkles } from 'lucide-react'
import { useId } from 'react'
import { QuotaLine } from '../../../components/quota-line.tsx'
import { Button } from '../../../components/ui/button.tsx'
import { KeyCap } from '../../../components/ui/key-cap.tsx'
import { COMMAND_KEY } from '../../../lib/command-key.ts'
import type { QuotaNote } from '../../../lib/own-limits.ts'

export interface GenerateBarProps {
  label: string
  /** The call is on its way to the server. */
  busy: boolean
  /** What is wrong beside the fields. */
  message: string | undefined
  /** What to know before it is sent; of a refusal, why it cannot be. */
  note: QuotaNote | undefined
}

export function GenerateBar({ label, busy, message, note }: GenerateBarProps) {
  const id = useId()
  const isRefused = note?.isRefusal === true
  return (
    <div className="flex flex-col gap-2">
      {/* One of both: what was refused says why already, and the button has to say why it does nothing. */}
      {message !== undefined && !isRefused && (
        <p role="alert" className="flex items-start gap-2 rounded-lg bg-bad-soft px-3 py-2 text-[13px] text-bad">
          <CircleAlert className="mt-0.5 size-4 shrink-0" aria-hidden />
          {message}
        </p>
      )}
      {note && (isRefused || message === undefined) && <QuotaLine id={id}>{note.text}</QuotaLine>}
      <Button
        type="submit"
        look="primary"
        size="large"
        icon={Sparkles}
        aria-busy={busy || undefined}
        whyNot={isRefused ? id : undefined}
        aria-keyshortcuts="Control+Enter Meta+Enter"
        className="w-full"
        onClick={(event) => {
          // The second click of a double one means the first.
          if (busy || event.detail > 1) event.preventDefault()
        }}
      >
        {label}
        <span
          aria-hidden
          className="ml-1 hidden items-center gap-1 rounded border border-current/30 px-1.5 text-[11px] leading-5 font-medium md:pointer-fine:flex"
        >
          {COMMAND_KEY} <KeyCap name="Enter" />
        </span>
      </Button>
    </div>
  )
}
