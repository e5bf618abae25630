import type { Overview } from '../../../../src/http/dashboard/contract/account.ts'
import { formatNumber } from '../../lib/format.ts'

/** A greeting for an hour of the reader's clock, 0–23. At night it is neither evening nor morning yet. */
export function greeting(hour: number): string {
  if (hour < 5) return 'Hello'
  if (hour < 12) return 'Good morning'
  return hour < 18 ? 'Good afternoon' : 'Good evening'
}

/** What somebody is called among friends. */
export const firstName = (name: string): string => name.trim().split(/\s+/)[0] ?? name

/** One sentence on how things stand for the reader. */
export function standing({ queue, myImages }: Pick<Overview, 'queue' | 'myImages'>): string {
  const parts = [
    myImages.total === 0 ? 'You have not made an image yet' : `You made ${images(myImages.total)}`,
    myImages.today > 0 &&
      (myImages.today < myImages.total ? `${formatNumber(myImages.today)} of them today` : 'all today'),
    queue.mine > 0 && `${formatNumber(queue.mine)} ${queue.mine === 1 ? 'is' : 'are'} on the way`
  ].filter((part) => part !== false)
  return `${parts.join(', ')}.`
}

/** What the reader's machines gave to others; undefined while there is nothing to tell. */
export function givenText(given: Overview['given']): string | undefined {
  if (given === null || given.total === 0) return undefined
  const { thisMonth, total } = given
  if (thisMonth === 0) return `Your GPU has made ${images(total)} for others.`
  const all = total > thisMonth ? `, ${formatNumber(total)} in all` : ''
  return `Your GPU made ${images(thisMonth)} for others this month${all}.`
}

const images = (count: number): string => `${formatNumber(count)} ${count === 1 ? 'image' : 'images'}`
