import { useEffect, useState } from 'react'
import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { recallList, rememberList } from './list-memory.ts'

/** Pixels; further down the reader looks at something that must not move. */
const TOP = 160

/**
 * The list without what has come since the reader scrolled down, and how many that are: put on top they would move what
 * is being looked at.
 */
export function useHeldList(requests: readonly RequestSummary[], key: string) {
  const newest = requests[0]?.createdAt
  const [heldAt, setHeldAt] = useState(() => recallList(key).heldAt)
  useEffect(() => {
    const look = () => setHeldAt((before) => (scrollY < TOP ? undefined : (before ?? newest)))
    // Once the position is restored that the reader left.
    const frame = requestAnimationFrame(look)
    addEventListener('scroll', look, { passive: true })
    return () => {
      cancelAnimationFrame(frame)
      removeEventListener('scroll', look)
    }
  }, [newest])
  useEffect(() => rememberList(key, { heldAt }), [key, heldAt])
  const hidden = countNewer(requests, heldAt)
  return { shown: hidden === 0 ? requests : requests.slice(hidden), hidden }
}

/** How many at the top were made after a moment. */
export function countNewer(requests: readonly RequestSummary[], at: number | undefined): number {
  if (at === undefined) return 0
  const first = requests.findIndex(({ createdAt }) => createdAt <= at)
  return first === -1 ? requests.length : first
}
