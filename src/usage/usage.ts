import { DAY_MS } from '../lib/durations.ts'
import { setImmediate } from 'node:timers/promises'
import type { Database } from '../db/database.ts'
import type { Principal } from '../lib/principal.ts'
import { countGiven } from './provider-usage-store.ts'
import { rollUp } from './roll-up-store.ts'
import { sumUsage, type UsageFilter, type UsageSum } from './usage-totals-store.ts'

export interface Usage {
  /** Images and requests by bucket of time and group: for members their own, for admins everybody's. */
  sum(reader: Principal, filter: UsageFilter): Promise<UsageSum[]>
  /** Images per provider and person, everybody's. */
  sumByProvider(range: {
    start: number
    end: number
  }): Promise<{ providerId: string; userId: string; images: number }[]>
  /** Images per person; of these people, or of everybody who had any. */
  sumByUser(range: { start: number; end: number; userIds?: readonly string[] }): Promise<Map<string, number>>
  /** Images that somebody's providers made for others: ever, and since the day (UTC) that begins then. */
  countGiven(given: { ownerId: string; since: number }): Promise<{ total: number; since: number }>
  /** Moves what has been made since the last time into the totals. */
  rollUp(): Promise<void>
}

/** Small enough that a batch does not hold up the event loop for long. */
const AT_A_TIME = 500
/** Milliseconds of a bucket that holds any range of time (a thousand years). */
const ONE_BUCKET_MS = 365_000 * DAY_MS

export function createUsage({ db }: Pick<Database, 'db'>): Usage {
  return {
    sum: (reader, filter) =>
      sumUsage(db, reader.role === 'admin' ? filter : { ...filter, userIds: onlyOwn(reader, filter) }),
    sumByProvider: async ({ start, end }) => {
      const sums = await sumUsage(db, { start, end, bucketMs: ONE_BUCKET_MS, groupBy: ['provider_id', 'user_id'] })
      return sums.map((sum) => ({
        providerId: String(sum.provider_id),
        userId: String(sum.user_id),
        images: sum.images
      }))
    },
    sumByUser: async ({ start, end, userIds }) => {
      const images = new Map<string, number>()
      // Of everybody day by day, others getting a turn in between: a month may have a hundred thousand totals.
      const step = userIds ? end - start : DAY_MS
      for (let from = start; from < end; from += step) {
        const range = { start: from, end: Math.min(from + step, end), ...(userIds && { userIds }) }
        const sums = await sumUsage(db, { ...range, bucketMs: ONE_BUCKET_MS, groupBy: ['user_id'] })
        for (const sum of sums) images.set(String(sum.user_id), (images.get(String(sum.user_id)) ?? 0) + sum.images)
        await setImmediate()
      }
      return images
    },
    countGiven: (given) => countGiven(db, given),
    rollUp: async () => {
      while ((await rollUp(db, AT_A_TIME)) === AT_A_TIME) await setImmediate()
    }
  }
}

const onlyOwn = (reader: Principal, filter: UsageFilter): string[] =>
  filter.userIds === undefined || filter.userIds.includes(reader.userId) ? [reader.userId] : []
