import { listCapped } from '../providers/service-terms-store.ts'
import type { RequestParts } from './request-parts.ts'
import { listReached, type ReachedCap } from './service-caps.ts'

/** Of these providers, by id: which caps of their owners others have reached at this moment. */
export async function findReachedCaps(
  { database: { db, clock } }: Pick<RequestParts, 'database'>,
  providerIds: readonly string[]
): Promise<Map<string, (ReachedCap & { service: string })[]>> {
  const services = await listCapped(db, providerIds)
  const known = new Map(services.map((service) => [service.serviceId, service]))
  const reached = (await listReached(db, services, clock.now())).flatMap((cap) => {
    const service = known.get(cap.serviceId)
    return service ? [{ ...cap, providerId: service.providerId, service: service.name }] : []
  })
  return Map.groupBy(reached, ({ providerId }) => providerId)
}
