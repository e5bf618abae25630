import type { Db } from '../db/database.ts'
import { countServedByUser } from '../usage/usage-store.ts'
import { countRunningByUser } from './attempt-store.ts'

/** What the owner of a service lets others have of it. */
export interface ServiceCaps {
  serviceId: string
  ownerId: string
  imagesPerHour?: number
  imagesPerUserHour?: number
}

/** Who may not have an image of a service now. */
export interface Capped {
  /** Nobody but the owner may. */
  others: boolean
  userIds: string[]
}

const HOUR_MS = 3_600_000

/** Counts what others had within the last hour and what runs for them; the owner is never counted or held back. */
export async function cappedUsers(db: Db, caps: ServiceCaps, now: number): Promise<Capped> {
  const { serviceId, ownerId, imagesPerHour, imagesPerUserHour } = caps
  if (imagesPerHour === undefined && imagesPerUserHour === undefined) return { others: false, userIds: [] }
  const had = new Map<string, number>()
  const add = (userId: string, images: number) => {
    if (userId !== ownerId) had.set(userId, (had.get(userId) ?? 0) + images)
  }
  for (const one of await countServedByUser(db, { serviceId, since: now - HOUR_MS })) add(one.userId, one.images)
  for (const one of await countRunningByUser(db, serviceId)) add(one.userId, one.images)
  const all = [...had.values()].reduce((sum, images) => sum + images, 0)
  return {
    others: all >= (imagesPerHour ?? Infinity),
    userIds: [...had].filter(([, images]) => images >= (imagesPerUserHour ?? Infinity)).map(([userId]) => userId)
  }
}
