import { Search } from 'lucide-react'
import { lazy, Suspense, useEffect, useState } from 'react'
import { COMMAND_KEY } from '../../lib/command-key.ts'
import { shortcutOf } from './shortcut-of.ts'

const CommandPalette = lazy(async () => ({ default: (await import('./command-palette.tsx')).CommandPalette }))
const ShortcutsDialog = lazy(async () => ({ default: (await import('./shortcuts-dialog.tsx')).ShortcutsDialog }))

const TYPED_INTO = 'input, textarea, select, [contenteditable]:not([contenteditable=false]), [role=textbox]'

/** The button that opens the palette, and the keys that do. */
export function Palette() {
  const [open, setOpen] = useState<'palette' | 'shortcuts'>()
  const close = () => setOpen(undefined)
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof Element && event.target.closest(TYPED_INTO) !== null
      const wanted = shortcutOf(event, isTyping)
      if (!wanted) return
      event.preventDefault()
      // Whatever is open keeps the focus; the palette closes with the key that opened it.
      const isCovered = document.querySelector('[data-backdrop]') !== null
      setOpen((now) => (isCovered ? (now === wanted ? undefined : now) : wanted))
    }
    addEventListener('keydown', onKeyDown)
    return () => removeEventListener('keydown', onKeyDown)
  }, [])
  return (
    <>
      <button
        type="button"
        aria-keyshortcuts="Control+K Meta+K"
        onClick={() => setOpen('palette')}
        className="flex h-9 items-center gap-2.5 rounded-lg px-2.5 font-medium text-muted transition-colors hover:bg-hover hover:text-text max-md:size-11 max-md:justify-center md:w-full md:border md:border-line md:bg-surface"
      >
        <Search className="size-4.5 max-md:size-5" aria-hidden />
        <span className="max-md:sr-only">Search</span>
        <kbd aria-hidden className="ml-auto font-sans text-xs font-normal text-faint max-md:hidden">
          {COMMAND_KEY} K
        </kbd>
      </button>
      <Suspense>
        {open === 'palette' && <CommandPalette onClose={close} onShortcuts={() => setOpen('shortcuts')} />}
        {open === 'shortcuts' && <ShortcutsDialog onClose={close} />}
      </Suspense>
    </>
  )
}
