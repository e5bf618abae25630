import { Search, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { inputClass } from '../../../components/ui/field.tsx'
import { IconButton } from '../../../components/ui/icon-button.tsx'

const PAUSE_MS = 300

/** Words to look for, told when the reader pauses; `/` leads to it from anywhere on the page, Escape clears it. */
export function SearchField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(value)
  const [sent, setSent] = useState(value)
  const [before, setBefore] = useState(value)
  if (value !== before) {
    setBefore(value)
    // Changed from elsewhere; an echo of what was told must not undo what was typed since.
    if (value !== sent) setText(value)
  }
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => {
      setSent(text)
      onChange(text)
    }, PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text, value, onChange])
  useSlash(() => input.current?.focus())

  const clear = () => {
    setText('')
    setSent('')
    onChange('')
  }
  return (
    <div className="relative min-w-0 flex-1 md:max-w-sm">
      <Search className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-faint" aria-hidden />
      <input
        ref={input}
        type="text"
        inputMode="search"
        enterKeyHint="search"
        aria-label="Search prompts"
        aria-keyshortcuts="/"
        placeholder="Search prompts"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          if (text === '') event.currentTarget.blur()
          else clear()
        }}
        className={`${inputClass} h-9 pr-9 pl-9 pointer-coarse:h-11`}
      />
      {text === '' ? (
        <kbd
          aria-hidden
          className="pointer-events-none absolute top-1/2 right-2.5 -translate-y-1/2 rounded border border-line px-1.5 font-sans text-xs text-faint pointer-coarse:hidden"
        >
          /
        </kbd>
      ) : (
        <IconButton
          icon={X}
          label="Clear the search"
          size="small"
          onClick={() => {
            clear()
            input.current?.focus()
          }}
          className="absolute top-1/2 right-0.5 -translate-y-1/2"
        />
      )}
    </div>
  )
}

function useSlash(act: () => void): void {
  const latest = useRef(act)
  useEffect(() => {
    latest.current = act
  })
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      const isTaken = target.closest('input, textarea, select, [role=dialog]')
      if (event.key !== '/' || isTaken) return
      event.preventDefault()
      latest.current()
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
}
