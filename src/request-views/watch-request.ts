import { startListening } from '../db/listen.ts'
import { hasEnded } from '../requests/request-states.ts'
import type { LiveEvent, LiveProgress } from './live-progress.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { type RequestView, viewRequest } from './view-request.ts'
import { LOOK_EVERY_MS } from './wait-for-request.ts'

export type WatchEvent = { type: 'changed'; view: RequestView } | LiveEvent | { type: 'quiet' }

/**
 * The present state of a request, then each change of it and what its images report, until it has ended or `signal`
 * aborts. `quiet` comes when nothing happened for `quietMs`. The `changed` that tells the end is the last event.
 */
export async function* watchRequest(
  parts: Pick<RequestParts, 'database'> & { live: LiveProgress },
  watch: { id: string; signal: AbortSignal; quietMs: number }
): AsyncGenerator<WatchEvent> {
  const { id, signal, quietMs } = watch
  const pending = new Map<string, LiveEvent>()
  const listener = startListening(parts.database.bell, {
    topic: `request:${id}`,
    everyMs: Math.min(LOOK_EVERY_MS, quietMs),
    signal
  })
  const unsubscribe = parts.live.subscribe(id, (event) => {
    // Of what a slow reader has not taken yet only the latest is kept: a stalled one must not fill the memory.
    const key = `${event.type} ${event.position}`
    pending.delete(key)
    pending.set(key, event)
    listener.wake()
  })
  const takePending = () => {
    const events = [...pending.values()]
    pending.clear()
    return events
  }
  let shown = ''
  let lastEventAt = performance.now()
  try {
    while (!signal.aborted) {
      if (listener.takeChange()) {
        const view = await viewRequest(parts, id)
        const ended = hasEnded(view.request.state)
        if (ended) yield* takePending()
        const state = stateOf(view)
        if (state !== shown) {
          shown = state
          lastEventAt = performance.now()
          yield { type: 'changed', view }
        }
        if (ended) return
      }
      for (const event of takePending()) {
        lastEventAt = performance.now()
        yield event
      }
      if (performance.now() - lastEventAt > quietMs) {
        lastEventAt = performance.now()
        yield { type: 'quiet' }
      }
      await listener.news()
    }
  } finally {
    listener.close()
    unsubscribe()
  }
}

/** What makes one state of a request differ from another for somebody who watches. */
const stateOf = ({ request, tasks }: RequestView): string =>
  `${request.state} ${tasks.map((task) => `${task.state}:${task.node_faults}:${task.losses}`).join(' ')}`
