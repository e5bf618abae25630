import { takesConnections } from '../engines/server-look.ts'
import { sleep, withJitter } from '../lib/async.ts'

export interface WatchServersParts {
  /** Where the image servers of services are, by service. */
  urls: ReadonlyMap<string, string>
  /** Between one look and the next, milliseconds. */
  everyMs: number
  /** Whether a service makes images: their failure tells of its server sooner. */
  isBusy: (service: string) => boolean
  /** Nothing takes connections there, at each look. */
  onGone: (service: string) => void
  /** Something does again. */
  onBack: (service: string) => void
  /** Ends it. */
  signal: AbortSignal
}

/**
 * Notices within seconds that an idle image server has ended, and that one that was gone has been started, by a connection that is
 * closed at once: nothing is asked, so that it costs a server nothing and is in no log of it. Behind `https:` is a proxy or a
 * service of the internet, whose port tells nothing of what is behind it, so that those are not looked at.
 */
export async function watchServers({
  urls,
  everyMs,
  isBusy,
  onGone,
  onBack,
  signal
}: WatchServersParts): Promise<void> {
  const watched = [...urls].filter(([, url]) => new URL(url).protocol === 'http:')
  const gone = new Set<string>()
  const look = async ([service, url]: readonly [string, string]) => {
    if (isBusy(service)) return
    const isThere = await takesConnections(url, signal)
    if (signal.aborted) return
    if (!isThere) {
      gone.add(service)
      onGone(service)
    } else if (gone.delete(service)) onBack(service)
  }
  while (watched.length > 0) {
    await sleep(withJitter(everyMs, 0.1), signal).catch(() => undefined) // It is looked at next.
    if (signal.aborted) return
    await Promise.all(watched.map(look))
  }
}
