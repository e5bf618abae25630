import type { RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { waitText } from '../../../src/lib/wait-reasons.ts'
import { formatDuration, formatUntil } from './format.ts'

/** Why a request waits that nobody may begin now, and until when; null for one that only waits for its turn. */
export const reasonText = ({ wait }: Pick<RequestSummary, 'wait'>, now: number): string | null =>
  wait && waitText(wait, now, formatUntil)

/** Of what takes longer than like images did, so that nobody knows when it is done. */
export const OVERDUE = 'longer than usual'

/** How long something has taken, in whole seconds. */
export const elapsedText = (since: number, now: number): string =>
  formatDuration(Math.max(1, Math.floor((now - since) / 1000)) * 1000)

/** Since when an image is being made, by its position; undefined while nobody makes it. */
export const madeSince = ({ making }: Pick<RequestSummary, 'making'>, position: number): number | undefined =>
  making.find(({ image }) => image === position)?.since

/** What an image does of which no step is known: how long it has been made, or why it waits. */
export function idleText(
  request: Pick<RequestSummary, 'wait' | 'status' | 'making' | 'createdAt'>,
  position: number,
  now: number
): string {
  const since = madeSince(request, position)
  if (since !== undefined) return `Being made, ${elapsedText(since, now)}`
  const reason = reasonText(request, now)
  if (reason !== null) return reason
  // Beside others that are made it waits for its turn; how long its request has been there says nothing of that.
  return request.status === 'queued' ? `Waiting, ${elapsedText(request.createdAt, now)}` : 'Waiting for its turn'
}
