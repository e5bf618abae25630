import { useEffect, useEffectEvent } from 'react'
import type { MaskActions } from './mask-toolbar.tsx'

/** The keys of the mask editor, wherever the focus is in it. */
export function useMaskKeys(actions: MaskActions): void {
  const act = useEffectEvent((event: KeyboardEvent) => {
    const action = actionOf(event)
    if (action === undefined) return
    event.preventDefault()
    actions[action]()
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => act(event)
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

const KEYS: Record<string, keyof MaskActions> = {
  b: 'paint',
  e: 'erase',
  i: 'invert',
  '[': 'smaller',
  ']': 'larger',
  '+': 'zoomIn',
  '=': 'zoomIn',
  '-': 'zoomOut',
  '0': 'fit'
}

export function actionOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>) {
  const key = event.key.toLowerCase()
  if (event.ctrlKey || event.metaKey) {
    if (key === 'z') return event.shiftKey ? 'redo' : 'undo'
    return key === 'y' ? 'redo' : undefined
  }
  // Some keyboards need Alt for the brackets.
  return event.altKey && key !== '[' && key !== ']' ? undefined : KEYS[key]
}
