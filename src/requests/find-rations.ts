import type { OfferingConfig } from '../config/config.ts'
import type { Db } from '../db/database.ts'
import { HOUR_MS } from '../lib/durations.ts'
import { countServed, findHourOver } from '../usage/usage-store.ts'
import { countRunning } from './attempt-store.ts'
import type { LimitEnd } from './service-caps.ts'

/** What the club lets a new provider make for others within an hour, and how much of that is left. */
export interface Ration {
  images: number
  left: number
  /**
   * When the first image that is counted will be more than an hour old, UTC milliseconds, or where more are than there may be, the first
   * that makes room; undefined when none was made.
   */
  next?: number
  /** There when nothing is left: when there is more. */
  spent?: LimitEnd
}

/**
 * Of these providers, all of them new ones, by id. Images count that were delivered or are being made, whichever service of the
 * provider it was.
 */
export async function findRations(
  db: Db,
  fresh: readonly { providerId: string; ownerId: string }[],
  { now, offering }: { now: number; offering: Pick<OfferingConfig, 'newProviderPerHour'> }
): Promise<Map<string, Ration>> {
  const owners = new Map(fresh.map(({ providerId, ownerId }) => [providerId, ownerId]))
  if (owners.size === 0) return new Map()
  const providerIds = [...owners.keys()]
  const served = await countServed(db, { serviceIds: [], providerIds, since: now - HOUR_MS })
  const running = await countRunning(db, providerIds)
  const images = offering.newProviderPerHour
  const rations = new Map<string, Ration>()
  for (const [providerId, ownerId] of owners) {
    const [made, beingMade] = [sumOf(served, providerId), sumOf(running, providerId)]
    const had = made + beingMade
    const findEnd = (skip: number) => findHourOver(db, { providerId, ownerId, now, skip })
    const next = had === 0 ? undefined : await findEnd(Math.max(0, had - images))
    rations.set(providerId, {
      images,
      left: Math.max(0, images - had),
      ...(next !== undefined && { next }),
      ...(had >= images && {
        spent: { ...(next !== undefined && { until: next }), ...(made < images && { beingMade }) }
      })
    })
  }
  return rations
}

const sumOf = (counts: readonly { providerId: string; images: number }[], providerId: string): number =>
  counts.reduce((sum, one) => sum + (one.providerId === providerId ? one.images : 0), 0)
