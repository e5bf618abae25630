import type { ModelInfo, RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { formatNumber } from './format.ts'
import { reasonText } from './wait-words.ts'

/** The wait of what is asked of a model now, as one of a request. */
export const waitOf = ({ waiting }: Pick<ModelInfo, 'waiting'>): RequestSummary['wait'] =>
  waiting ? { reason: waiting.reason, until: waiting.until === undefined ? null : waiting.until * 1000 } : null

/** How busy a model is, or why it rests, in the words of the queue. */
export function tellLoad(model: ModelInfo, now: number = Date.now()): string {
  const { providers, queued } = model
  const rest = reasonText({ wait: waitOf(model) }, now)
  const machines = `${formatNumber(providers)} ${providers === 1 ? 'machine' : 'machines'} online`
  const queue = queued === 0 ? 'nothing queued' : `${formatNumber(queued)} ${queued === 1 ? 'image' : 'images'} queued`
  return `${rest ?? (providers === 0 ? 'No image server up' : machines)}, ${queue}`
}
