import { useEffect, useState } from 'react'

/** How long something that has gone stays to fade out; as long as the transition of a row. */
const FADE_MS = 300

export interface Lingering<T> {
  item: T
  leaving: boolean
}

/** Items of a list, and for a moment those that have just gone from it, where they were; not those that are shown `elsewhere` now. */
export function useLingering<T extends { id: string }>(
  items: readonly T[],
  elsewhere: readonly T[]
): readonly Lingering<T>[] {
  const [known, setKnown] = useState({ items, elsewhere, shown: mergeLeaving([], items, elsewhere) })
  // Adapted while rendering, so that nothing is painted without those that leave.
  if (known.items !== items || known.elsewhere !== elsewhere) {
    setKnown({ items, elsewhere, shown: mergeLeaving(known.shown, items, elsewhere) })
  }
  const { shown } = known
  const anyLeaves = shown.some(({ leaving }) => leaving)
  useEffect(() => {
    if (!anyLeaves) return
    const drop = () => setKnown((now) => ({ ...now, shown: now.shown.filter(({ leaving }) => !leaving) }))
    const timer = setTimeout(drop, FADE_MS)
    return () => clearTimeout(timer)
  }, [anyLeaves, items])
  return shown
}

/** The new items in their order; each that has gone stays behind the one it came after, unless it is shown `elsewhere`. */
export function mergeLeaving<T extends { id: string }>(
  shown: readonly Lingering<T>[],
  items: readonly T[],
  elsewhere: readonly T[]
): Lingering<T>[] {
  const ids = new Set([...items, ...elsewhere].map(({ id }) => id))
  const merged = items.map((item) => ({ item, leaving: false }))
  for (const [index, { item }] of shown.entries()) {
    if (ids.has(item.id)) continue
    const before = shown[index - 1]?.item.id
    const at = merged.findIndex((one) => one.item.id === before)
    merged.splice(at + 1, 0, { item, leaving: true })
  }
  return merged
}
