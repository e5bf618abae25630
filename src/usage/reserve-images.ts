import type { Trx } from '../db/database.ts'
import { toIsoSecond } from '../lib/clock.ts'
import { errors } from '../lib/errors.ts'
import type { Principal, UseLimits } from '../lib/principal.ts'
import { countUnfinished } from './unfinished-store.ts'
import { countImagesSince } from './usage-store.ts'

/**
 * Makes sure, in the transaction that queues them, that a key and its owner may have so many images more. What is
 * waiting or running counts as made: a queued image is its own reservation, which its task settles by being stored or
 * gives back by failing. Throws `insufficient_quota`.
 */
export async function reserveImages(
  trx: Trx,
  wanted: { principal: Pick<Principal, 'userId' | 'keyId' | 'limits'>; images: number; now: number }
): Promise<void> {
  const { principal, images, now } = wanted
  const { key, user } = principal.limits
  const { userId, keyId } = principal
  await reserveFor(trx, { userId, whose: { api_key_id: keyId }, name: 'This API key', limits: key, images, now })
  await reserveFor(trx, { userId, whose: { user_id: userId }, name: 'Your account', limits: user, images, now })
}

type Whose = Parameters<typeof countImagesSince>[1]

async function reserveFor(
  trx: Trx,
  asked: { userId: string; whose: Whose; name: string; limits: UseLimits; images: number; now: number }
): Promise<void> {
  const { userId, whose, name, limits, images, now } = asked
  const { maxActive, imagesPerDay, imagesPerMonth } = limits
  if (maxActive === undefined && imagesPerDay === undefined && imagesPerMonth === undefined) return
  const { queued, running } = await countUnfinished(trx, {
    userId,
    ...('api_key_id' in whose && { keyId: whose.api_key_id })
  })
  const reserved = queued + running
  if (maxActive !== undefined && reserved + images > maxActive) {
    throw errors.insufficientQuota(
      `${name} may have ${maxActive} images waiting or running at once and has ${reserved}. There is room again when they finish.`
    )
  }
  for (const [most, window] of [
    [imagesPerDay, dayOf(now)],
    [imagesPerMonth, monthOf(now)]
  ] as const) {
    if (most === undefined) continue
    const used = (await countImagesSince(trx, whose, window.start)) + reserved
    if (used + images <= most) continue
    const present = used === 1 ? '1 is made or on its way' : `${used} are made or on their way`
    throw errors.insufficientQuota(
      `${name} may make ${most === 1 ? '1 image' : `${most} images`} a ${window.name}; ${present}. ` +
        `The ${window.name} ends at ${toIsoSecond(window.end)}.`
    )
  }
}

/** The UTC day of a time. */
export function dayOf(now: number): { name: string; start: number; end: number } {
  const date = new Date(now)
  const day = (offset: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + offset)
  return { name: 'day', start: day(0), end: day(1) }
}

/** The UTC month of a time. */
export function monthOf(now: number): { name: string; start: number; end: number } {
  const date = new Date(now)
  const month = (offset: number) => Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1)
  return { name: 'month', start: month(0), end: month(1) }
}
