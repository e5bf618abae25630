import { findTakers, type Wait } from './find-takers.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { listTasks } from '../requests/task-store.ts'

/** Why a request waits that nobody may begin; undefined when somebody works on it or may, or an image of it is there. */
export async function findWait(
  parts: Pick<RequestParts, 'database' | 'providers'>,
  id: string
): Promise<Wait | undefined> {
  const tasks = await listTasks(parts.database.db, id)
  const [first] = tasks
  if (!first || tasks.some(({ state }) => state === 'running' || state === 'succeeded')) return undefined
  return (await findTakers(parts, { model: first.model, tasks: [first] })).get(first.id)?.wait
}
