import { type ReactNode, type RefObject, useRef, useState } from 'react'
import { copyText } from '../../lib/copy-text.ts'
import { OpenPopover } from './popover.tsx'

export interface CopyOptions {
  text: string
  /** Beside what it is said that the browser refused. */
  anchor: RefObject<Element | null>
  /** It is on the clipboard, by the page or by hand. */
  onCopied: () => void
}

/** The one way to copy a text. `byHand` is to be shown: where the browser refuses, the text stands there to be copied by hand. */
export function useCopy({ text, anchor, onCopied }: CopyOptions): { copy: () => void; byHand: ReactNode } {
  const [isRefused, setRefused] = useState(false)
  const area = useRef<HTMLTextAreaElement>(null)
  const copy = () => void copyText(text).then((isCopied) => (isCopied ? onCopied() : setRefused(true)))
  const onCopy = () => {
    onCopied()
    // Only after this is over does the browser take what is selected.
    setTimeout(() => setRefused(false))
  }
  const byHand = isRefused && (
    <OpenPopover anchor={anchor} focus={area} title="Copy by hand" onClose={() => setRefused(false)}>
      <p role="alert" className="mb-2 text-[13px]">
        Your browser did not let this page copy. The text is selected here: copy it with Ctrl-C (Cmd-C on a Mac).
      </p>
      <textarea
        ref={area}
        readOnly
        rows={Math.min(8, text.split('\n').length + 1)}
        value={text}
        aria-label="The text to copy"
        onFocus={(event) => event.currentTarget.select()}
        onCopy={onCopy}
        className="w-full resize-none rounded-lg border border-line bg-sunken p-2 font-mono text-[13px] [overflow-wrap:anywhere]"
      />
    </OpenPopover>
  )
  return { copy, byHand }
}
