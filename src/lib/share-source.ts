/** Something that runs and tells of news until it is closed. */
export interface Source<News> {
  /** Resolves when everything that comes from then on is told. */
  ready: Promise<void>
  /** What somebody who comes later has to know at once. */
  present?: () => News | undefined
  close(): Promise<void>
}

export interface SharedSource<News> {
  /** Tells `listener` of the news of the source with that key; several may listen to the same one. */
  join(key: string, listener: (news: News) => void): { ready: Promise<void>; leave: () => Promise<void> }
}

/** One running source per key for however many listen: it starts with the first and is closed with the last of them. */
export function shareSource<News>(
  start: (key: string, tell: (news: News) => void) => Source<News>
): SharedSource<News> {
  const running = new Map<string, { source: Source<News>; listeners: Set<(news: News) => void> }>()

  const open = (key: string) => {
    const listeners = new Set<(news: News) => void>()
    const source = start(key, (news) => {
      for (const listener of [...listeners]) listener(news)
    })
    const shared = { source, listeners }
    running.set(key, shared)
    return shared
  }

  return {
    join: (key, listener) => {
      const { source, listeners } = running.get(key) ?? open(key)
      // Of its own, so that somebody may listen twice.
      const own = (news: News) => listener(news)
      listeners.add(own)
      const present = source.present?.()
      if (present !== undefined) own(present)
      return {
        ready: source.ready,
        leave: async () => {
          if (!listeners.delete(own) || listeners.size > 0) return
          running.delete(key)
          await source.close()
        }
      }
    }
  }
}
