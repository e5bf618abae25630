import type { FoundModelInfo } from '../../../../src/http/dashboard/contract/network.ts'
import { formatNumber } from '../../lib/format.ts'

/** What is offered comes first, then what could be, then what cannot be used as it is; each in the server's own order. */
export function usableFirst(models: readonly FoundModelInfo[]): FoundModelInfo[] {
  const rank = ({ serves, isIncomplete }: FoundModelInfo) => (serves.length > 0 ? 0 : isIncomplete ? 2 : 1)
  return [...models].sort((one, other) => rank(one) - rank(other))
}

/** Whether callers can ask for it, in words. */
export function tellModel({ serves, isIncomplete }: Pick<FoundModelInfo, 'serves' | 'isIncomplete'>): string {
  if (serves.length > 0) return `Offered as ${serves.join(', ')}`
  return isIncomplete ? 'Lacks its text encoders or its VAE' : 'Not offered'
}

/** What a list has no room for. */
export const tellMore = (count: number, what: string): string =>
  `and ${formatNumber(count)} more ${count === 1 ? what : `${what}s`}`

/** In the card of a machine, for who may know. */
export const tellSpare = (count: number): string =>
  `${formatNumber(count)} more ${count === 1 ? 'model' : 'models'} on it, not offered`
