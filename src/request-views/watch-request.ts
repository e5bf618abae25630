import { hasEnded } from '../requests/request-states.ts'
import type { LiveEvent, LiveProgress } from './live-progress.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { type RequestView, viewRequest } from './view-request.ts'

/** How often it looks by itself, in case a bell was lost. */
const LOOK_EVERY_MS = 2000

export type WatchEvent = { type: 'changed'; view: RequestView } | LiveEvent | { type: 'quiet' }

/**
 * The present state of a request, then each change of it and what its images report, until it has ended or `signal`
 * aborts. `quiet` comes when nothing happened for `quietMs`. The `changed` that tells the end is the last event.
 */
export async function* watchRequest(
  parts: Pick<RequestParts, 'database'> & { live: LiveProgress },
  watch: { id: string; signal: AbortSignal; quietMs: number }
): AsyncGenerator<WatchEvent> {
  const pending = new Map<string, LiveEvent>()
  let changed = true
  let wake: () => void = () => undefined
  const noteChange = () => {
    changed = true
    wake()
  }
  const stopListening = [
    parts.database.bell.on(`request:${watch.id}`, noteChange),
    parts.live.subscribe(watch.id, (event) => {
      // Of what a slow reader has not taken yet only the latest is kept: a stalled one must not fill the memory.
      const key = `${event.type} ${event.position}`
      pending.delete(key)
      pending.set(key, event)
      wake()
    })
  ]
  const takePending = () => {
    const events = [...pending.values()]
    pending.clear()
    return events
  }
  const looking = setInterval(noteChange, Math.min(LOOK_EVERY_MS, watch.quietMs))
  const onAbort = () => wake()
  watch.signal.addEventListener('abort', onAbort)
  let shown = ''
  let lastEventAt = performance.now()
  try {
    while (!watch.signal.aborted) {
      if (changed) {
        changed = false
        const view = await viewRequest(parts, watch.id)
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
      if (performance.now() - lastEventAt > watch.quietMs) {
        lastEventAt = performance.now()
        yield { type: 'quiet' }
      }
      if (!changed && pending.size === 0 && !watch.signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    clearInterval(looking)
    watch.signal.removeEventListener('abort', onAbort)
    for (const stop of stopListening) stop()
  }
}

/** What makes one state of a request differ from another for somebody who watches. */
const stateOf = ({ request, tasks }: RequestView): string =>
  `${request.state} ${tasks.map((task) => `${task.state}:${task.node_faults}:${task.losses}`).join(' ')}`
