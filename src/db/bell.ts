import { EventEmitter } from 'node:events'

/**
 * Wake-up hints: "something of this topic changed, look again". A bell never carries truth and may ring for nothing
 * or not at all, so every listener also looks now and then by itself.
 */
export interface Bell {
  /** A `hint` says which one of the topic it may be; without one it may be any. */
  ring(topic: BellTopic, hint?: string): void
  /** Returns what takes the listener away again. */
  on(topic: BellTopic, listener: (hint?: string) => void): () => void
}

/**
 * `webhooks`: a delivery became due. `keys`: an API key was made or revoked. `tasks`: an image waits, or who could make one has
 * come, gone or changed. `request:<id>`: that one changed. What hints say of these two is in `requests/bell-hints.ts`.
 * `requests:<user id>`, and `requests` for those of everybody: the one whose id is the hint was made, changed or deleted.
 * `providers`: an admin or owner decided how one stands. `settings`: an admin changed one. `accounts`: one was deleted.
 */
export type BellTopic =
  | 'keys'
  | 'tasks'
  | 'webhooks'
  | 'providers'
  | 'settings'
  | 'accounts'
  | `request:${string}`
  | 'requests'
  | `requests:${string}`

export interface LocalBell extends Bell {
  /** Another process wrote: nobody knows what, so everybody looks. */
  ringAll(): void
}

export function createLocalBell(): LocalBell {
  const emitter = new EventEmitter()
  emitter.setMaxListeners(0)
  return {
    ring: (topic, hint) => void emitter.emit(topic, hint),
    on: (topic, listener) => {
      emitter.on(topic, listener)
      return () => void emitter.off(topic, listener)
    },
    ringAll: () => {
      for (const topic of emitter.eventNames()) emitter.emit(topic)
    }
  }
}
