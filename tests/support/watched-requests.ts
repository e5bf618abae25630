import { afterEach } from 'vitest'
import type { WatchedEvent } from '../../src/request-views/watch-mailbox.ts'
import type { RequestViews } from '../../src/request-views/request-views.ts'
import { waitFor } from './wait-for.ts'

type Seen = WatchedEvent | { type: 'quiet' }
type Changed = Extract<Seen, { type: 'changed' }>

/** Somebody who watches all requests of a person, and what they were told so far. */
export interface RequestWatcher {
  seen: Seen[]
  changesOf(id: string): Changed[]
  /** The states a request went through, each as often as it was entered. */
  statesOf(id: string): string[]
  /** The last change of a request as soon as it is in that state. */
  when(id: string, state: string): Promise<Changed>
  /** Resolves when everything of the watcher is over. */
  leave(): Promise<void>
}

const watchers = new Set<RequestWatcher>()

/** Registers that whoever still watches leaves when a test has ended. */
export function leaveAfterEach(): void {
  afterEach(async () => {
    await Promise.all([...watchers].map((watcher) => watcher.leave()))
  })
}

/** Watches a person, or without `userId` everybody, from when this resolves. */
export async function startWatching(
  requestViews: Pick<RequestViews, 'watchAll'>,
  { userId, quietMs = 60_000 }: { userId?: string; quietMs?: number } = {}
): Promise<RequestWatcher> {
  const leaving = new AbortController()
  const seen: Seen[] = []
  const reading = (async () => {
    for await (const event of requestViews.watchAll({ userId, signal: leaving.signal, quietMs })) seen.push(event)
  })()
  const changesOf = (id: string) => seen.filter((one): one is Changed => one.type === 'changed' && one.id === id)
  const watcher: RequestWatcher = {
    seen,
    changesOf,
    statesOf: (id) => {
      const states = changesOf(id).map(({ view }) => view.request.state)
      return states.filter((state, index) => state !== states[index - 1])
    },
    when: (id, state) =>
      waitFor(() => {
        const last = changesOf(id).at(-1)
        return last?.view.request.state === state && last
      }),
    leave: async () => {
      watchers.delete(watcher)
      leaving.abort()
      await reading
    }
  }
  watchers.add(watcher)
  await waitFor(() => seen.length > 0)
  return watcher
}
