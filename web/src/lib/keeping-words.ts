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
