import type { ModelInfo } from '../../../src/http/dashboard/contract/requests.ts'
import { formatNumber } from './format.ts'
import { reasonText } from './wait-words.ts'

/** How busy a model is, or why it rests, in the words of the queue. */
export function tellLoad({ providers, queued, waiting }: ModelInfo, now: number = Date.now()): string {
  const until = waiting?.until === undefined ? null : waiting.until * 1000
  const rest = waiting ? reasonText({ wait: { reason: waiting.reason, until } }, now) : null
  const machines = `${formatNumber(providers)} ${providers === 1 ? 'machine' : 'machines'} online`
  const queue = queued === 0 ? 'nothing queued' : `${formatNumber(queued)} ${queued === 1 ? 'image' : 'images'} queued`
  return `${rest ?? (providers === 0 ? 'No image server up' : machines)}, ${queue}`
}
