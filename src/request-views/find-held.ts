import { setImmediate } from 'node:timers/promises'
import type { RequestParts } from '../requests/request-parts.ts'
import { listTasks } from '../requests/task-store.ts'
import { findTakers } from './find-takers.ts'
import { hasDone } from './queue-outlook.ts'

/** Requests looked at before others get a turn. */
const AT_A_TIME = 200

/** Of these requests, all begun: those that people are shown as waiting (`shownState`). */
export async function findHeld(
  parts: Pick<RequestParts, 'database' | 'providers' | 'limits'>,
  ids: readonly string[]
): Promise<ReadonlySet<string>> {
  const held = new Set<string>()
  for (let at = 0; at < ids.length; at += AT_A_TIME) {
    if (at > 0) await setImmediate()
    const tasks = await listTasks(parts.database.db, ...ids.slice(at, at + AT_A_TIME))
    const idle = [...Map.groupBy(tasks, ({ request_id }) => request_id)].filter(
      ([, same]) => !same.some(({ state }) => state === 'running')
    )
    for (const [id, same] of idle) if (!hasDone(same)) held.add(id)
    const firstWaiting = idle.flatMap(([id, same]) =>
      held.has(id) ? [] : same.filter(({ state }) => state === 'queued').slice(0, 1)
    )
    for (const [model, same] of Map.groupBy(firstWaiting, (task) => task.model)) {
      const takers = await findTakers(parts, { model, tasks: same })
      for (const { id, request_id } of same) if (takers.get(id)?.wait) held.add(request_id)
    }
  }
  return held
}
