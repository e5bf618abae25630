import type { Db } from '../db/database.ts'
import { listBlockedUsers } from '../providers/block-store.ts'
import type { OfferingConfig } from '../config/config.ts'
import { placesForOthers, type Reach } from '../providers/trust-policy.ts'
import { countWorkForOthers } from '../providers/trust-store.ts'
import { countServedByUser } from '../usage/usage-store.ts'
import { countRunningByUser } from './attempt-store.ts'

/** What the owner of a service lets others have of it. */
export interface ServiceCaps {
  serviceId: string
  providerId: string
  ownerId: string
  imagesPerHour?: number
  imagesPerUserHour?: number
}

/** Who may not have an image of a service now. */
export interface Capped {
  /** Nobody but the owner may. */
  others: boolean
  userIds: string[]
  /** How many images of others it may be given now; absent: as many as it has places. */
  left?: number
}

const HOUR_MS = 3_600_000

/**
 * Those whom the owner has blocked, and those who have had what the owner lets others have within an hour, what runs for
 * them included; everybody when
 * its provider may not serve others, or being new has enough of theirs. The owner is never counted or held back.
 */
export async function cappedUsers(
  db: Db,
  caps: ServiceCaps,
  { now, reach, offering }: { now: number; reach: Reach; offering: OfferingConfig }
): Promise<Capped> {
  if (reach === 'owner') return { others: true, userIds: [] }
  const capped = await cappedByOwner(db, caps, now)
  if (reach === 'all' || capped.others) return capped
  const left = placesForOthers(await countWorkForOthers(db, { ...caps, now }), offering)
  return { ...capped, others: left === 0, left }
}

async function cappedByOwner(db: Db, caps: ServiceCaps, now: number): Promise<Capped> {
  const blocked = await listBlockedUsers(db, caps.providerId)
  const { imagesPerHour, imagesPerUserHour } = caps
  if (imagesPerHour === undefined && imagesPerUserHour === undefined) return { others: false, userIds: blocked }
  const had = await imagesOfOthers(db, caps, now)
  const all = [...had.values()].reduce((sum, images) => sum + images, 0)
  const sated = [...had].filter(([, images]) => images >= (imagesPerUserHour ?? Infinity)).map(([userId]) => userId)
  return { others: all >= (imagesPerHour ?? Infinity), userIds: [...blocked, ...sated] }
}

async function imagesOfOthers(
  db: Db,
  { serviceId, ownerId }: ServiceCaps,
  now: number
): Promise<ReadonlyMap<string, number>> {
  const had = new Map<string, number>()
  const add = (userId: string, images: number) => {
    if (userId !== ownerId) had.set(userId, (had.get(userId) ?? 0) + images)
  }
  for (const one of await countServedByUser(db, { serviceId, since: now - HOUR_MS })) add(one.userId, one.images)
  for (const one of await countRunningByUser(db, serviceId)) add(one.userId, one.images)
  return had
}
