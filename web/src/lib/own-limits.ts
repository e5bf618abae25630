import type { AccountInfo } from '../../../src/http/dashboard/contract/account.ts'
import { formatNumber, formatUntil } from './format.ts'

/** How many images of a day or a month the reader may have, and has left. */
export interface OwnQuota {
  name: 'day' | 'month'
  most: number
  /** What waits or runs is as good as made. */
  used: number
  left: number
  /** When it begins anew, UTC milliseconds. */
  endsAt: number
}

type Account = Pick<AccountInfo, 'limits' | 'images'>

/** UTC milliseconds: the time it is, and when the images of the account were counted. */
interface Times {
  now: number
  countedAt: number
}

/**
 * Those of the reader's quotas that there are; days and months are those of UTC. Of a period that has begun since
 * they were counted nothing is made yet.
 */
export function quotasOf({ limits, images }: Account, { now, countedAt }: Times): OwnQuota[] {
  const date = new Date(now)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()]
  const quota = (
    name: OwnQuota['name'],
    most: number | null,
    { made, startsAt, endsAt }: { made: number; startsAt: number; endsAt: number }
  ): OwnQuota[] => {
    const used = (countedAt < startsAt ? 0 : made) + images.onTheWay
    return most === null ? [] : [{ name, most, used, left: Math.max(0, most - used), endsAt }]
  }
  return [
    ...quota('day', limits.imagesPerDay, {
      made: images.today,
      startsAt: Date.UTC(year, month, day),
      endsAt: Date.UTC(year, month, day + 1)
    }),
    ...quota('month', limits.imagesPerMonth, {
      made: images.thisMonth,
      startsAt: Date.UTC(year, month),
      endsAt: Date.UTC(year, month + 1)
    })
  ]
}

const DAY_MS = 86_400_000
/** A clock that is a little fast would ask again and again before the day is over. */
const LEAST_PAUSE_MS = 1000

/** How long until they are counted again, milliseconds: `everyMs`, or until the day of UTC ends, as months do, too. */
export const untilNextCount = (now: number, everyMs: number): number =>
  Math.max(LEAST_PAUSE_MS, Math.min(everyMs, DAY_MS - (now % DAY_MS)))

/** Less than this share of a quota is worth a word before it is used up. */
const NEAR = 0.1

/** What to know of the reader's quotas before images are asked for. */
export interface QuotaNote {
  text: string
  /** They would be refused. */
  isRefusal: boolean
}

/**
 * What to know before `n` images are asked for: that they are refused, by the quota that is so for the longest, or else that few are
 * left; undefined of neither.
 */
export function noteQuota(account: Account, n: number, times: Times): QuotaNote | undefined {
  const quotas = quotasOf(account, times)
  const [refusing] = quotas.filter(({ left }) => left === 0 || n > left).toSorted((a, b) => b.endsAt - a.endsAt)
  const [least] = quotas.toSorted((a, b) => a.left - b.left)
  const told = refusing ?? least
  if (!told) return undefined
  const { name, most, left, endsAt } = told
  const may = `You may make ${formatNumber(most)} ${most === 1 ? 'image' : 'images'} a ${name}`
  const until = formatUntil(endsAt, times.now)
  const few = `${may} and have ${formatNumber(left)} left until ${until}`
  if (!refusing) return left <= Math.max(1, most * NEAR) ? { text: `${few}.`, isRefusal: false } : undefined
  const text =
    left === 0
      ? `${may}, and ${most === 1 ? 'it is' : 'they are'} made or on ${most === 1 ? 'its' : 'their'} way. There are more from ${until} on; an admin can raise it.`
      : `${few}: ${formatNumber(n)} at once are refused.`
  return { text, isRefusal: true }
}
