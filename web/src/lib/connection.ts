import { useSyncExternalStore } from 'react'
import { ApiError } from './fetch-json.ts'

/** After the first question that got no answer: a gateway that starts anew is back by then. */
const SECOND_AFTER_MS = 1000
const NEXT_AFTER_MS = 2000

/** What a proxy answers whose gateway is away, and a gateway that is stopping. */
const AWAY = [502, 503, 504]

/** Whether a call failed because nobody is there who answers. */
export const isAway = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 0 || AWAY.includes(error.status))

/**
 * Whether the gateway answers this tab. What makes that doubtful says so with `doubt`; then it is asked with `ask`, which
 * throws what `isAway` knows when it is away, until it answers. It counts as lost when the second question in a row gets no
 * answer.
 */
export function createConnection({ ask, now = Date.now }: { ask: () => Promise<unknown>; now?: () => number }) {
  const watchers = new Set<() => void>()
  const returns = new Set<() => void>()
  let lostAt: number | undefined
  let doubtedAt: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const setLost = (at: number | undefined) => {
    if (at === lostAt) return
    lostAt = at
    for (const watcher of watchers) watcher()
  }
  const found = () => {
    clearTimeout(timer)
    doubtedAt = undefined
    const wasLost = lostAt !== undefined
    setLost(undefined)
    if (wasLost) for (const listener of returns) listener()
  }
  const look = async (misses: number): Promise<void> => {
    const since = doubtedAt
    // Any answer, also a refusal, is one.
    const away = await ask().then(() => false, isAway)
    if (since === undefined || doubtedAt !== since) return
    if (!away) return found()
    if (misses > 0) setLost(since)
    timer = setTimeout(() => void look(misses + 1), misses === 0 ? SECOND_AFTER_MS : NEXT_AFTER_MS)
  }

  const doubt = () => {
    if (doubtedAt !== undefined) return
    doubtedAt = now()
    void look(0)
  }

  return {
    doubt,
    found,
    /**
     * Loads something of the gateway's own, such as the code of a page. While the gateway is away that waits until it is
     * back, and is then tried once more; throws what `load` does while the gateway answers.
     */
    loadWhenThere: async <Loaded>(load: () => Promise<Loaded>): Promise<Loaded> => {
      try {
        return await load()
      } catch (error) {
        let wasAway = false
        while (await ask().then(() => false, isAway)) {
          wasAway = true
          doubt()
          await new Promise((resolve) => setTimeout(resolve, NEXT_AFTER_MS))
        }
        if (wasAway) return load()
        throw error
      }
    },
    /** Since when nothing is known, in milliseconds of this machine's clock; undefined while the gateway answers. */
    lostAt: () => lostAt,
    onReturn: (listener: () => void) => {
      returns.add(listener)
      return () => void returns.delete(listener)
    },
    watch: (watcher: () => void) => {
      watchers.add(watcher)
      return () => void watchers.delete(watcher)
    }
  }
}

export type Connection = ReturnType<typeof createConnection>

let askGateway: () => Promise<unknown> = () => Promise.resolve()
export const connection: Connection = createConnection({ ask: () => askGateway() })

/** How the gateway is asked whether it is there. */
export function askWith(ask: () => Promise<unknown>): void {
  askGateway = ask
}

/** Since when nothing is known of the gateway, see `lostAt`. */
export const useLostAt = (): number | undefined => useSyncExternalStore(connection.watch, connection.lostAt)
