import { formatRelative } from '../../../lib/format.ts'
import type { Delivery } from './api.ts'

/** How a delivery went so far, in a sentence. */
export function deliveryStory(delivery: Delivery, now: number): string {
  const { state, tries, lastStatus, lastError, nextTryAt, deliveredAt } = delivery
  const answer = lastError ?? (lastStatus === null ? null : `status ${lastStatus}`)
  const tried = tries === 1 ? '1 try' : `${tries} tries`
  if (state === 'delivered') {
    return `Delivered ${deliveredAt === null ? '' : `${formatRelative(Math.min(deliveredAt, now), now)} `}after ${tried}`
  }
  if (state === 'failed') return `Given up after ${tried}${answer === null ? '' : `: ${answer}`}`
  const next = nextTryAt === null || nextTryAt <= now ? 'next one now' : `next one ${formatRelative(nextTryAt, now)}`
  if (tries === 0)
    return nextTryAt !== null && nextTryAt > now ? `First try ${formatRelative(nextTryAt, now)}` : 'First try now'
  return `${tried}, ${next}${answer === null ? '' : `: ${answer}`}`
}
