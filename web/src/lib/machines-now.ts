import type { Overview } from '../../../src/http/dashboard/contract/account.ts'
import { formatNumber } from './format.ts'

/** How many machines can make images now, and what is with the others: those that are there and cannot, and those that are away. */
export function machinesNow({ online, able, away = 0 }: Overview['machines'] & { away?: number }): {
  value: number
  detail: string
} {
  const idle = online - able
  const parts = [
    idle === 0 ? 'online' : 'ready',
    ...(idle > 0 ? [`${formatNumber(idle)} not ready`] : []),
    ...(away > 0 ? [`${formatNumber(away)} offline`] : [])
  ]
  return { value: able, detail: parts.join(', ') }
}
