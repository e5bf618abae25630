import { useEffect, useReducer } from 'react'
import { formatExactTime, formatRelative } from '../../lib/format.ts'

/** A moment in UTC milliseconds, told from now; the whole date is its tooltip. */
export function RelativeTime({ at }: { at: number }) {
  const [, refresh] = useReducer((count: number) => count + 1, 0)
  useEffect(() => {
    const timer = setInterval(refresh, 30_000)
    return () => clearInterval(timer)
  }, [])
  return (
    <time dateTime={new Date(at).toISOString()} title={formatExactTime(at)} className="whitespace-nowrap">
      {formatRelative(at)}
    </time>
  )
}
