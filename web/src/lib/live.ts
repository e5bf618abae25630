import type { LiveEvents } from '../../../src/http/dashboard/contract/requests.ts'
import { basePath } from './base-path.ts'
import { DASHBOARD } from './fetch-json.ts'

type EventName = keyof LiveEvents
type Listener<E extends EventName> = (data: LiveEvents[E]) => void

/** `EventSource.CLOSED`: the browser has given up. */
const CLOSED = 2
const OPEN_AGAIN_AFTER_MS = 5000
/** An open stream that is as quiet as this may have nobody at its other end. */
const QUIET_MS = 20_000

const NAMES: EventName[] = ['hello', 'request', 'removed', 'progress', 'preview', 'queue']

/** Whose requests the tab follows: the reader's own, or, for admins who look at everybody's, all. */
export type LiveScope = 'own' | 'all'

/**
 * The one event stream of this tab. Whoever wants to hear of something subscribes; it reconnects by itself, and `hello`
 * then says that something may have been missed.
 */
export function createLive(openSource = (url: string) => new EventSource(url)) {
  const listeners = new Map<EventName, Set<Listener<never>>>()
  const doubters = new Set<() => void>()
  let source: EventSource | undefined
  let scope: LiveScope = 'own'
  let running = false
  let waiting: ReturnType<typeof setTimeout> | undefined
  let isAway = false
  let quiet: ReturnType<typeof setInterval> | undefined

  const doubt = () => {
    for (const doubter of doubters) doubter()
  }
  const listenForQuiet = () => {
    clearInterval(quiet)
    if (source) quiet = setInterval(doubt, QUIET_MS)
  }
  const emit = <E extends EventName>(name: E, data: LiveEvents[E]) => {
    listenForQuiet()
    for (const listener of listeners.get(name) ?? []) (listener as Listener<E>)(data)
  }
  const close = () => {
    clearTimeout(waiting)
    source?.close()
    source = undefined
    listenForQuiet()
  }
  const open = () => {
    close()
    if (!running || isAway) return
    const opened = openSource(`${basePath}${DASHBOARD}/events${scope === 'all' ? '?owner=all' : ''}`)
    for (const name of NAMES) {
      opened.addEventListener(name, (event) => emit(name, JSON.parse((event as MessageEvent<string>).data)))
    }
    // After a lost connection the browser tries again, after an answer that is no stream it does not: a proxy gives such
    // ones while the server starts anew.
    opened.addEventListener('error', () => {
      if (opened !== source) return
      if (opened.readyState === CLOSED) waiting = setTimeout(open, OPEN_AGAIN_AFTER_MS)
      doubt()
    })
    source = opened
    listenForQuiet()
  }

  return {
    start: () => {
      if (running) return
      running = true
      open()
    },
    stop: () => {
      running = false
      close()
    },
    setScope: (wanted: LiveScope) => {
      if (wanted === scope) return
      scope = wanted
      open()
    },
    /**
     * Nobody looks at the tab: it gives its connection back, of which browsers have six for all tabs over HTTP/1.1. When
     * somebody does again, `hello` brings up to date what it shows.
     */
    setAway: (away: boolean) => {
      if (away === isAway) return
      isAway = away
      open()
    },
    /** Begins anew at once, as when the gateway is known to be back. */
    reopen: open,
    /**
     * Calls when the stream broke off, or has been quiet for long: the gateway may be gone, or the reader be signed out.
     * Returns what ends that.
     */
    onDoubt: (doubter: () => void): (() => void) => {
      doubters.add(doubter)
      return () => void doubters.delete(doubter)
    },
    /** Returns what ends the subscription. */
    on: <E extends EventName>(name: E, listener: Listener<E>): (() => void) => {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set)
      set.add(listener as Listener<never>)
      return () => void set.delete(listener as Listener<never>)
    }
  }
}

export type Live = ReturnType<typeof createLive>
export const live = createLive()

/** A glance at another tab is no reason to begin anew. */
const AWAY_AFTER_MS = 20_000

/** Follows whether the tab is looked at. Returns what ends it. */
export function followVisibility(page: Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>) {
  let timer: ReturnType<typeof setTimeout> | undefined
  const onChange = () => {
    clearTimeout(timer)
    if (page.visibilityState === 'visible') live.setAway(false)
    else timer = setTimeout(() => live.setAway(true), AWAY_AFTER_MS)
  }
  page.addEventListener('visibilitychange', onChange)
  return () => {
    clearTimeout(timer)
    page.removeEventListener('visibilitychange', onChange)
  }
}
