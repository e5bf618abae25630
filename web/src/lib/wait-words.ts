import type { RequestSummary, WaitReason } from '../../../src/http/dashboard/contract/requests.ts'
import { formatDuration, formatUntil } from './format.ts'

const REASONS: Record<WaitReason, string> = {
  capped: "The owner's limit per hour is reached",
  retry: 'The last try failed',
  paused: 'The image server is busy',
  unusable: 'The image server cannot be used',
  missing: 'The image server does not have the model',
  drained: 'The owner has paused the machine',
  away: 'No machine for it is online',
  approval: "The machine waits for an admin's approval",
  // Admins read it of others' requests, too.
  not_served: 'The owner of the machine does not serve the account that asked'
}

/** What happens when the wait is over. */
const THEN: Partial<Record<WaitReason, string>> = {
  capped: 'goes on',
  retry: 'tried again',
  paused: 'asked again',
  unusable: 'asked again',
  missing: 'asked again'
}

/** What ends a wait of which nobody knows how long it is, where the reason does not say so. */
const ENDS: Partial<Record<WaitReason, string>> = {
  // Not by itself: a key that is refused, or a server that was stopped, needs its owner.
  unusable: 'goes on when it can be',
  missing: 'goes on when it has it'
}

/** Nearer than this no time of day is told, which has no seconds. */
const SOON_MS = 60_000

/** Why a request waits that nobody may begin now, and until when; null for one that only waits for its turn. */
export function reasonText({ wait }: Pick<RequestSummary, 'wait'>, now: number): string | null {
  if (!wait) return null
  const then = THEN[wait.reason]
  if (wait.until === null || then === undefined) {
    return [REASONS[wait.reason], ENDS[wait.reason]].filter((part) => part !== undefined).join(', ')
  }
  const when = wait.until - now < SOON_MS ? 'in a moment' : `at ${formatUntil(wait.until, now)}`
  return `${REASONS[wait.reason]}, ${then} ${when}`
}

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
