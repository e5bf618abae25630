import { setImmediate } from 'node:timers/promises'
import type { RequestParts } from '../requests/request-parts.ts'
import { listTasks } from '../requests/task-store.ts'
import { findTakers } from './find-takers.ts'

/** Requests looked at before others get a turn. */
const AT_A_TIME = 200

/**
 * Of these requests, all begun: those of which nobody makes an image and nobody may, which people are shown as waiting
 * (`shownState`).
 */
export async function findHeld(
  parts: Pick<RequestParts, 'database' | 'providers' | 'limits'>,
  ids: readonly string[]
): Promise<ReadonlySet<string>> {
  const held = new Set<string>()
  for (let at = 0; at < ids.length; at += AT_A_TIME) {
    if (at > 0) await setImmediate()
    const tasks = await listTasks(parts.database.db, ...ids.slice(at, at + AT_A_TIME))
    const firstWaiting = [...Map.groupBy(tasks, ({ request_id }) => request_id).values()].flatMap((same) =>
      same.some(({ state }) => state === 'running') ? [] : same.filter(({ state }) => state === 'queued').slice(0, 1)
    )
    for (const [model, same] of Map.groupBy(firstWaiting, (task) => task.model)) {
      const takers = await findTakers(parts, { model, tasks: same })
      for (const { id, request_id } of same) if (takers.get(id)?.wait) held.add(request_id)
    }
  }
  return held
}
