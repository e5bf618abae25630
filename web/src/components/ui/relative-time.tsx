import { useEffect, useReducer } from 'react'
import { formatExactTime, formatRelative, relativeHolds } from '../../lib/format.ts'

/** A moment in UTC milliseconds, told from now; the whole date is its tooltip. */
export function RelativeTime({ at }: { at: number }) {
  const [round, refresh] = useReducer((count: number) => count + 1, 0)
  useEffect(() => {
    const timer = setTimeout(refresh, relativeHolds(at))
    return () => clearTimeout(timer)
  }, [at, round])
  return (
    <time dateTime={new Date(at).toISOString()} title={formatExactTime(at)} className="whitespace-nowrap">
      {formatRelative(at)}
    </time>
  )
}
