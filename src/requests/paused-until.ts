import { isPaused } from '../providers/pause-store.ts'
import type { RequestParts } from './request-parts.ts'
import { servicesFor } from './services-for.ts'
import { listTasks } from './task-store.ts'

/**
 * Until when a request waits for nothing but services that are left alone, UTC milliseconds; undefined when some service
 * works on it or could, or one of its images is there already.
 */
export async function pausedUntil(
  { database, providers }: Pick<RequestParts, 'database' | 'providers'>,
  id: string
): Promise<number | undefined> {
  const { db, clock } = database
  const tasks = await listTasks(db, id)
  const [first] = tasks
  if (!first || tasks.some(({ state }) => state === 'running' || state === 'succeeded')) return undefined
  const offers = await providers.listOffers({ seenSince: clock.now(), model: first.model })
  const able = (await servicesFor(db, { tasks: [first], offers })).get(first.id) ?? []
  const could = offers.filter(({ serviceId }) => able.includes(serviceId))
  if (could.length === 0 || !could.every((offer) => isPaused(offer, clock.now()))) return undefined
  return Math.min(...could.map(({ pause }) => pause?.until ?? 0))
}
