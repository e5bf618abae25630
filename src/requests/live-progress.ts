import { EventEmitter } from 'node:events'

/** What happens inside an image while it is made. Lives in memory only: who misses it misses nothing that lasts. */
export type LiveEvent =
  | { type: 'progress'; position: number; step: number; steps: number }
  | { type: 'preview'; position: number; mediaType: string; b64: string }

export interface LiveProgress {
  publish(requestId: string, event: LiveEvent): void
  /** Returns what ends the subscription. */
  subscribe(requestId: string, listener: (event: LiveEvent) => void): () => void
}

export function createLiveProgress(): LiveProgress {
  const emitter = new EventEmitter()
  emitter.setMaxListeners(0)
  return {
    publish: (requestId, event) => void emitter.emit(requestId, event),
    subscribe: (requestId, listener) => {
      emitter.on(requestId, listener)
      return () => void emitter.off(requestId, listener)
    }
  }
}
