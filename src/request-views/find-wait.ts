import { findTakers } from './find-takers.ts'
import type { Wait } from './wait-of-held.ts'
import type { RequestParts } from '../requests/request-parts.ts'
import { listTasks } from '../requests/task-store.ts'
import { listNames } from './request-search-store.ts'

/** A wait with the machines that are held back, all of which may make images of who asked, and show them on their pages. */
export interface WaitAt extends Wait {
  machines: {
    /** Of its provider. */
    id: string
    name: string
    /** Its owner's name; undefined when it is who asked. */
    owner: string | undefined
  }[]
  /** How many machines that are online could make the image, and how many people own these; absent where none could. */
  of?: { machines: number; owners: number }
}

/** Why a request waits that nobody may begin; undefined when somebody works on it or may, or an image of it is there. */
export async function findWait(
  parts: Pick<RequestParts, 'database' | 'providers' | 'limits'>,
  id: string
): Promise<WaitAt | undefined> {
  const { db } = parts.database
  const tasks = await listTasks(db, id)
  const [first] = tasks
  if (!first || tasks.some(({ state }) => state === 'running' || state === 'succeeded')) return undefined
  const {
    wait,
    held = [],
    could = []
  } = (await findTakers(parts, { model: first.model, tasks: [first] })).get(first.id) ?? {}
  if (!wait) return undefined
  const machines = [...new Map(held.map((offer) => [offer.providerId, offer])).values()]
  const names = await listNames(db, [...new Set(machines.map(({ ownerId }) => ownerId))])
  const countOf = (name: 'providerId' | 'ownerId') => new Set(could.map((offer) => offer[name])).size
  return {
    ...wait,
    ...(could.length > 0 && { of: { machines: countOf('providerId'), owners: countOf('ownerId') } }),
    machines: machines.map(({ providerId, providerName, ownerId }) => ({
      id: providerId,
      name: providerName,
      owner: ownerId === first.user_id ? undefined : (names.get(ownerId) ?? '')
    }))
  }
}
