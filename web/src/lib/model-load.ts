import type { ModelInfo, RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { formatNumber, formatUntil } from './format.ts'
import { reasonText } from './wait-words.ts'

/** The wait of what is asked of a model now, as one of a request. */
export const waitOf = ({ waiting }: Pick<ModelInfo, 'waiting'>): RequestSummary['wait'] =>
  waiting
    ? {
        reason: waiting.reason,
        until: waiting.until === undefined ? null : waiting.until * 1000,
        ...(waiting.own_share && { isOwnShare: true }),
        ...(waiting.also && { also: waiting.also }),
        ...(waiting.being_made !== undefined && { beingMade: waiting.being_made })
      }
    : null

/** How busy a model is, or why it rests, in the words of the queue. */
export function tellLoad(model: ModelInfo, now: number = Date.now()): string {
  const { providers, queued } = model
  const rest = reasonText({ wait: waitOf(model) }, now)
  const machines = `${formatNumber(providers)} ${providers === 1 ? 'machine' : 'machines'} online`
  const queue = queued === 0 ? 'nothing queued' : `${formatNumber(queued)} ${queued === 1 ? 'image' : 'images'} queued`
  return `${rest ?? (providers === 0 ? 'No image server up' : machines)}, ${queue}`
}

/** `3 an hour from mara-rig; 1 left`, of a model of which the reader may have so many; undefined of any other. */
export function tellHourly({ hourly, providers }: ModelInfo): string | undefined {
  if (!hourly) return undefined
  const from = hourly.provider ?? `${formatNumber(providers)} machines`
  const whom = hourly.shared ? ' for everybody together' : ''
  return `${formatNumber(hourly.images)} an hour from ${from}${whom}; ${hourly.left === 0 ? 'none' : formatNumber(hourly.left)} left`
}

/** `2 of 5 wait until 14:50`, when that many are more than the reader may have now of a model that has some left. */
export function warnHourly({ hourly }: ModelInfo, n: number, now: number = Date.now()): string | undefined {
  if (!hourly || hourly.left === 0 || n <= hourly.left) return undefined
  const waiting = n - hourly.left
  const until = hourly.next === undefined ? 'for an hour' : `until ${formatUntil(hourly.next * 1000, now)}`
  return `${formatNumber(waiting)} of ${formatNumber(n)} ${waiting === 1 ? 'waits' : 'wait'} ${until}${waiting > 1 ? ' or longer' : ''}: ${tellCap(hourly)}`
}

const tellCap = ({ images, left, shared }: NonNullable<ModelInfo['hourly']>): string =>
  shared
    ? `everybody together may have ${formatNumber(images)} an hour, and ${formatNumber(left)} ${left === 1 ? 'is' : 'are'} left.`
    : `you may have ${formatNumber(images)} an hour, and have ${formatNumber(left)} left.`
