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

/** Those of the reader's quotas that there are; days and months are those of UTC. */
export function quotasOf({ limits, images }: Account, now: number): OwnQuota[] {
  const date = new Date(now)
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  const quota = (name: OwnQuota['name'], most: number | null, made: number, endsAt: number): OwnQuota[] => {
    const used = made + images.onTheWay
    return most === null ? [] : [{ name, most, used, left: Math.max(0, most - used), endsAt }]
  }
  return [
    ...quota('day', limits.imagesPerDay, images.today, Date.UTC(year, month, date.getUTCDate() + 1)),
    ...quota('month', limits.imagesPerMonth, images.thisMonth, Date.UTC(year, month + 1))
  ]
}

/** Less than this share of a quota is worth a word before it is used up. */
const NEAR = 0.1

/** What to know before so many images are asked for: that they are refused, or that few are left; undefined of neither. */
export function warnQuota(account: Account, n: number, now: number): string | undefined {
  const quotas = quotasOf(account, now).toSorted((a, b) => a.left - b.left)
  const [least] = quotas
  if (!least) return undefined
  const { name, most, left, endsAt } = least
  const may = `You may make ${formatNumber(most)} ${most === 1 ? 'image' : 'images'} a ${name}`
  const until = formatUntil(endsAt, now)
  if (left === 0)
    return `${may}, and they are made or on their way. There are more from ${until} on; an admin can raise it.`
  if (n > left)
    return `${may} and have ${formatNumber(left)} left until ${until}: ${formatNumber(n)} at once are refused.`
  return left <= Math.max(1, most * NEAR) ? `${may} and have ${formatNumber(left)} left until ${until}.` : undefined
}
