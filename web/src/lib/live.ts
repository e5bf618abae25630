import type { LiveEvents } from '../../../src/http/dashboard/contract/requests.ts'
import { DASHBOARD } from './fetch-json.ts'

type EventName = keyof LiveEvents
type Listener<E extends EventName> = (data: LiveEvents[E]) => void

const NAMES: EventName[] = ['hello', 'request', 'removed', 'progress', 'preview', 'queue']

/** Whose requests the tab follows: the reader's own, or, for admins who look at everybody's, all. */
export type LiveScope = 'own' | 'all'

/**
 * The one event stream of this tab. Whoever wants to hear of something subscribes; the browser reconnects by itself, and
 * `hello` then says that something may have been missed.
 */
export function createLive(openSource = (url: string) => new EventSource(url)) {
  const listeners = new Map<EventName, Set<Listener<never>>>()
  let source: EventSource | undefined
  let scope: LiveScope = 'own'
  let running = false

  const emit = <E extends EventName>(name: E, data: LiveEvents[E]) => {
    for (const listener of listeners.get(name) ?? []) (listener as Listener<E>)(data)
  }
  const close = () => {
    source?.close()
    source = undefined
  }
  const open = () => {
    close()
    if (!running) return
    const opened = openSource(`${DASHBOARD}/events${scope === 'all' ? '?owner=all' : ''}`)
    for (const name of NAMES) {
      opened.addEventListener(name, (event) => emit(name, JSON.parse((event as MessageEvent<string>).data)))
    }
    source = opened
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
