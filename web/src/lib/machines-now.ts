import type { Overview } from '../../../src/http/dashboard/contract/account.ts'
import { formatNumber } from './format.ts'

/** How many machines can make images now, and what that number counts. */
export const machinesNow = ({ online, able }: Overview['machines']): { value: number; detail: string } =>
  able === online ? { value: online, detail: 'online' } : { value: able, detail: `of ${formatNumber(online)} ready` }
