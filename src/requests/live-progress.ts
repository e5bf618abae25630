import { EventEmitter } from 'node:events'

/** What happens inside an image while it is made. Lives in memory only: who misses it misses nothing that lasts. */
export type LiveEvent =
  | { type: 'progress'; position: number; step: number; steps: number }
  | { type: 'preview'; position: number; mediaType: string; b64: string }

export interface LiveProgress {
  publish(request: { requestId: string; userId: string }, event: LiveEvent): void
  /** Returns what ends the subscription. */
  subscribe(requestId: string, listener: (event: LiveEvent) => void): () => void
  /** To all requests of a person, or of everybody. Returns what ends the subscription. */
  subscribeAll(userId: string | undefined, listener: (requestId: string, event: LiveEvent) => void): () => void
}

const EVERYBODY = 'everybody'

export function createLiveProgress(): LiveProgress {
  const emitter = new EventEmitter()
  emitter.setMaxListeners(0)
  const on = <A extends unknown[]>(name: string, listener: (...args: A) => void) => {
    emitter.on(name, listener as (...args: unknown[]) => void)
    return () => void emitter.off(name, listener as (...args: unknown[]) => void)
  }
  const ofPerson = (userId: string) => `person ${userId}`
  const ofRequest = (id: string) => `request ${id}`
  return {
    publish: ({ requestId, userId }, event) => {
      emitter.emit(ofRequest(requestId), event)
      emitter.emit(ofPerson(userId), requestId, event)
      emitter.emit(EVERYBODY, requestId, event)
    },
    subscribe: (requestId, listener) => on(ofRequest(requestId), listener),
    subscribeAll: (userId, listener) => on(userId === undefined ? EVERYBODY : ofPerson(userId), listener)
  }
}
