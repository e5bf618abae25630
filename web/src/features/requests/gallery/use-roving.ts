import { type FocusEvent, type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react'
import type { GalleryRow } from './gallery-layout.ts'
import { moveTo, placesOf } from './grid-keys.ts'
import { recallList, rememberList } from './list-memory.ts'

export interface RovingOptions {
  /** Of the list, for when the reader comes back to it. */
  memoryKey: string
  /** Scrolls a row into view. */
  reveal: (row: number) => void
}

/**
 * One request of the grid takes part in the order of the Tab key; the arrow keys lead from it to the others. `active`
 * is the one, its row has to be there even where it is not seen.
 */
export function useRoving(rows: readonly GalleryRow[], { memoryKey, reveal }: RovingOptions) {
  const grid = useRef<HTMLDivElement>(null)
  const wanted = useRef<string>(undefined)
  const [activeId, setActiveId] = useState(() => recallList(memoryKey).activeId)
  const places = useMemo(() => placesOf(rows), [rows])
  const firstId = places.keys().next().value
  const active = activeId !== undefined && places.has(activeId) ? activeId : firstId

  useEffect(() => rememberList(memoryKey, { activeId }), [memoryKey, activeId])
  useEffect(() => {
    if (wanted.current === undefined) return
    const target = grid.current?.querySelector<HTMLElement>(`[data-request="${CSS.escape(wanted.current)}"]`)
    if (!target) return
    wanted.current = undefined
    target.focus({ preventScroll: true })
  })

  const focus = (id: string) => {
    wanted.current = id
    setActiveId(id)
    const place = places.get(id)
    if (place) reveal(place.row)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const from = active === undefined ? undefined : places.get(active)
    if (!from || event.altKey || event.shiftKey) return
    const target = moveTo(rows, { from, key: event.key, ctrl: event.ctrlKey || event.metaKey })
    if (!target) return
    event.preventDefault()
    focus(target.id)
  }
  const onFocus = (event: FocusEvent<HTMLElement>) => {
    const { request } = event.target.dataset
    if (request !== undefined) setActiveId(request)
  }
  /** What would have the focus if a request went away. */
  const neighbourOf = (id: string): string | undefined => {
    const from = places.get(id)
    if (!from) return undefined
    const next = moveTo(rows, { from, key: 'ArrowRight', ctrl: false })
    return (next ?? moveTo(rows, { from, key: 'ArrowLeft', ctrl: false }))?.id
  }
  const activeRow = active === undefined ? undefined : places.get(active)?.row
  return { grid, active, activeRow, focus, neighbourOf, onKeyDown, onFocus }
}
