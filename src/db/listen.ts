import type { Bell, BellTopic } from './bell.ts'

/** Somebody who looks at the database again whenever something may have changed. */
export interface Listener {
  /** Whether there may be something new since it was last asked; true at first. Ask before looking, never after. */
  takeChange(): boolean
  /** Resolves as soon as there may be something new, `wake` was called since the last time, or `signal` has aborted. */
  news(): Promise<void>
  /** Ends a wait for news for a reason of the caller's own, which is no change. */
  wake(): void
  close(): void
}

/**
 * Listens to a topic of the bell, which may ring for nothing or be lost: every `everyMs` there may be something new all the
 * same. A ring whose hint is no news to its owner (`isNews`) is none. It hears from the moment it is made, so that what happens
 * while its owner looks is not slept through.
 */
export function startListening(
  bell: Pick<Bell, 'on'>,
  {
    topic,
    everyMs,
    signal,
    isNews = () => true
  }: { topic: BellTopic; everyMs: number; signal: AbortSignal; isNews?: (hint?: string) => boolean }
): Listener {
  let isChanged = true
  let isWoken = false
  let goOn: (() => void) | undefined
  const wake = () => {
    isWoken = true
    goOn?.()
  }
  const noteChange = () => {
    isChanged = true
    goOn?.()
  }
  const forget = bell.on(topic, (hint) => {
    if (isNews(hint)) noteChange()
  })
  const timer = setInterval(noteChange, everyMs)
  signal.addEventListener('abort', wake)
  return {
    takeChange: () => {
      const was = isChanged
      isChanged = false
      return was
    },
    news: async () => {
      if (!isChanged && !isWoken && !signal.aborted) {
        await new Promise<void>((resolve) => {
          goOn = resolve
        })
      }
      isWoken = false
    },
    wake,
    close: () => {
      forget()
      clearInterval(timer)
      signal.removeEventListener('abort', wake)
    }
  }
}
