import { useEffect, useEffectEvent, useRef } from 'react'
import { messageOf } from '../lib/fetch-json.ts'
import { Button } from './ui/button.tsx'

export interface LoadMoreProps {
  hasMore: boolean
  busy: boolean
  /** Why the last page did not come. */
  error: Error | null
  onMore: () => void
}

/** Below a list that comes in pages: fetches the next when it comes into view, or is pressed. */
export function LoadMore({ hasMore, busy, error, onMore }: LoadMoreProps) {
  const ref = useRef<HTMLDivElement>(null)
  const mayLoad = hasMore && !busy && !error
  const more = useEffectEvent(onMore)
  useEffect(() => {
    const element = ref.current
    if (!mayLoad || !element) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && more(), {
      rootMargin: '400px'
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [mayLoad])
  if (!hasMore) return null
  return (
    <div ref={ref} className="flex min-h-14 flex-wrap items-center justify-center gap-3 text-muted">
      {error && <span role="alert">{messageOf(error)}</span>}
      <Button busy={busy} onClick={onMore}>
        {error ? 'Try again' : 'Show more'}
      </Button>
    </div>
  )
}
