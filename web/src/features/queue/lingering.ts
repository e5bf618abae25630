import { useEffect, useState } from 'react'

/** How long something that has gone stays to fade out; as long as the transition of a row. */
const FADE_MS = 300

export interface Lingering<T> {
  item: T
  leaving: boolean
}

/** Items of a list, and for a moment those that have just gone from it, where they were. */
export function useLingering<T extends { id: string }>(items: readonly T[]): readonly Lingering<T>[] {
  const [known, setKnown] = useState({ items, shown: mergeLeaving([], items) })
  // Adapted while rendering, so that nothing is painted without those that leave.
  if (known.items !== items) setKnown({ items, shown: mergeLeaving(known.shown, items) })
  const { shown } = known
  const anyLeaves = shown.some(({ leaving }) => leaving)
  useEffect(() => {
    if (!anyLeaves) return
    const drop = () => setKnown((now) => ({ items: now.items, shown: now.shown.filter(({ leaving }) => !leaving) }))
    const timer = setTimeout(drop, FADE_MS)
    return () => clearTimeout(timer)
  }, [anyLeaves, items])
  return shown
}

/** The new items in their order; each that has gone stays behind the one it came after. */
export function mergeLeaving<T extends { id: string }>(
  shown: readonly Lingering<T>[],
  items: readonly T[]
): Lingering<T>[] {
  const ids = new Set(items.map(({ id }) => id))
  const merged = items.map((item) => ({ item, leaving: false }))
  for (const [index, { item }] of shown.entries()) {
    if (ids.has(item.id)) continue
    const before = shown[index - 1]?.item.id
    const at = merged.findIndex((one) => one.item.id === before)
    merged.splice(at + 1, 0, { item, leaving: true })
  }
  return merged
}
