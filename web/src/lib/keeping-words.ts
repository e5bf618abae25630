import type { AccountInfo } from '../../../src/http/dashboard/contract/account.ts'
import { formatBytes, formatNumber } from './format.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** `a day`, `30 days`, `36 hours`: how long something is kept. */
export function keptFor(ms: number): string {
  const [size, one, many] = ms % DAY_MS === 0 ? [DAY_MS, 'a day', 'days'] : [HOUR_MS, 'an hour', 'hours']
  const count = ms / size
  return count === 1 ? one : `${formatNumber(Number(count.toFixed(1)))} ${many}`
}

/** `for 30 days and up to 20 GB`; undefined when everything is kept. */
export function clubKeepsWords({ ms, bytes }: AccountInfo['clubKeeps']): string | undefined {
  const parts = [
    ...(ms === null ? [] : [`for ${keptFor(ms)}`]),
    ...(bytes === null ? [] : [`up to ${formatBytes(bytes)} of each person’s`])
  ]
  return parts.length === 0 ? undefined : parts.join(' and ')
}

/**
 * `The club keeps images for a day; older ones are gone.`: the rule by which images of somebody go, theirs where it is the
 * stricter; undefined when they are kept.
 */
export function keepingWords({
  clubKeeps,
  keepDays,
  keepBytes
}: Pick<AccountInfo, 'clubKeeps' | 'keepDays' | 'keepBytes'>): string | undefined {
  const ownMs = keepDays === null ? Infinity : keepDays * DAY_MS
  const clubMs = clubKeeps.ms ?? Infinity
  const bytes = Math.min(clubKeeps.bytes ?? Infinity, keepBytes ?? Infinity)
  const age = Math.min(ownMs, clubMs)
  if (age !== Infinity) {
    return `${ownMs < clubMs ? 'By your account images are kept' : 'The club keeps images'} for ${keptFor(age)}; older ones are gone.`
  }
  if (bytes === Infinity) return undefined
  const whose = (keepBytes ?? Infinity) < (clubKeeps.bytes ?? Infinity) ? 'By your account' : 'In this club'
  return `${whose} your images may take ${formatBytes(bytes)}; the oldest beyond that are gone.`
}
