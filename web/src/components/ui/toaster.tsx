import { Toast } from '@base-ui/react/toast'
import { clsx } from 'clsx'
import { X } from 'lucide-react'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { Button } from './button.tsx'
import { bottomClearOf, EDGE } from './clear-of-controls.ts'
import { IconButton } from './icon-button.tsx'

export const toasts = Toast.createToastManager()

/** Says that something was done. */
export const tell = (title: string, description?: string): void =>
  void toasts.add({ title, ...(description !== undefined && { description }) })

/** Says what was done, and offers for a while to take it back. */
export function tellUndo(title: string, description: string, undo: () => void): void {
  const id = toasts.add({
    title,
    description,
    timeout: 15_000,
    actionProps: {
      children: 'Undo',
      onClick: () => {
        undo()
        toasts.close(id)
      }
    }
  })
}

/** Says that something went wrong; stays longer, and is read out at once. */
export const tellError = (title: string, description?: string): void =>
  void toasts.add({
    title,
    ...(description !== undefined && { description }),
    type: 'error',
    priority: 'high',
    timeout: 10_000
  })

/** Once, around the app: short messages at the edge of the window. */
export function Toaster() {
  return (
    <Toast.Provider toastManager={toasts} timeout={5000}>
      <Toast.Portal>
        <Place />
      </Toast.Portal>
    </Toast.Provider>
  )
}

function Place() {
  const { toasts: shown } = Toast.useToastManager()
  const viewport = useRef<HTMLDivElement>(null)
  const bottom = useClearBottom(viewport, shown.length > 0)
  return (
    <Toast.Viewport
      ref={viewport}
      style={{ bottom }}
      className="fixed right-4 z-50 flex w-[min(24rem,calc(100vw-2rem))] flex-col gap-2"
    >
      <ToastList />
    </Toast.Viewport>
  )
}

/** What is worked with in an open dialog. */
const CONTROLS = ['button', 'a[href]', 'input', 'textarea', '[role="combobox"]', '[role="slider"]']
  .map((control) => `[role="dialog"] ${control}, [role="alertdialog"] ${control}`)
  .join(', ')

/** A dialog opens, and its content moves, at any time while there are messages. */
const LOOK_EVERY_MS = 150

/** How far above the window's lower edge messages lie so that they cover no control of a dialog. */
function useClearBottom(viewport: RefObject<HTMLDivElement | null>, isShown: boolean): number {
  const [bottom, setBottom] = useState(EDGE)
  useEffect(() => {
    if (!isShown) return
    const look = () => {
      if (!viewport.current) return
      const controls = [...document.querySelectorAll(CONTROLS)]
        .filter((one) => !viewport.current?.contains(one))
        .map((one) => one.getBoundingClientRect())
        .filter(({ width, height }) => width > 0 && height > 0)
      setBottom(bottomClearOf(viewport.current.getBoundingClientRect(), controls, window.innerHeight))
    }
    look()
    const looking = setInterval(look, LOOK_EVERY_MS)
    return () => clearInterval(looking)
  }, [viewport, isShown])
  return bottom
}

const ToastList = () =>
  Toast.useToastManager().toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className={clsx(
        'rounded-xl border bg-raised p-3 pr-10 shadow-pop transition-all data-ending-style:translate-x-4 data-ending-style:opacity-0 data-starting-style:translate-y-4 data-starting-style:opacity-0',
        toast.type === 'error' ? 'border-bad/50' : 'border-line'
      )}
    >
      <Toast.Title className={clsx('font-medium', toast.type === 'error' && 'text-bad')} />
      <Toast.Description className="text-[13px] text-muted" />
      {toast.actionProps && <Toast.Action render={<Button size="small" className="mt-2" />} />}
      <Toast.Close
        render={<IconButton icon={X} label="Dismiss" size="small" className="absolute top-1.5 right-1.5" />}
      />
    </Toast.Root>
  ))
