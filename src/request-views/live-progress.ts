import { EventEmitter } from 'node:events'

/** What happens inside an image while it is made. Lives in memory only: who misses it misses nothing that lasts. */
export type LiveEvent =
  /** Where the engine tells no steps, 0 of 0, `estimated` may be how far it is likely to be, in percent. */
  | { type: 'progress'; position: number; step: number; steps: number; estimated?: number }
  | { type: 'preview'; position: number; mediaType: string; b64: string }

export interface LiveProgress {
  publish(request: { requestId: string; userId: string }, event: LiveEvent): void
  /** An image is not being made any more: what was heard of it last is dropped. */
  forget(image: { requestId: string; position: number }): void
  /** The listener first hears the latest of each image that is being made. Returns what ends the subscription. */
  subscribe(requestId: string, listener: (event: LiveEvent) => void): () => void
  /** The same for all requests of a person, or of everybody. */
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
  /** By image, for those who come later: the last progress and the last preview. */
  const latest = new Map<string, { requestId: string; userId: string; events: Map<LiveEvent['type'], LiveEvent> }>()
  const imageKey = ({ requestId, position }: { requestId: string; position: number }) => `${requestId} ${position}`
  const ofPerson = (userId: string) => `person ${userId}`
  const ofRequest = (id: string) => `request ${id}`
  return {
    publish: ({ requestId, userId }, event) => {
      const key = imageKey({ requestId, position: event.position })
      const image = latest.get(key) ?? { requestId, userId, events: new Map() }
      latest.set(key, image)
      image.events.set(event.type, event)
      emitter.emit(ofRequest(requestId), event)
      emitter.emit(ofPerson(userId), requestId, event)
      emitter.emit(EVERYBODY, requestId, event)
    },
    forget: (image) => void latest.delete(imageKey(image)),
    subscribe: (requestId, listener) => {
      for (const image of latest.values())
        if (image.requestId === requestId) image.events.forEach((one) => listener(one))
      return on(ofRequest(requestId), listener)
    },
    subscribeAll: (userId, listener) => {
      for (const { requestId, userId: owner, events } of latest.values()) {
        if (userId === undefined || userId === owner) events.forEach((event) => listener(requestId, event))
      }
      return on(userId === undefined ? EVERYBODY : ofPerson(userId), listener)
    }
  }
}
