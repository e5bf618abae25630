import type { RequestSummary } from '../../../../../src/http/dashboard/contract/requests.ts'
import { formatDuration, withLocalTimes } from '../../../lib/format.ts'
import { OVERDUE, reasonText } from '../../../lib/wait-words.ts'

/** How an unfinished request stands: `3rd in the queue, about 20 s left`. */
export function tellStatus(request: RequestSummary, now: number): string {
  const { status, queuePosition, images, n } = request
  const done = n > 1 && (status === 'running' || images.length > 0) ? `${images.length} of ${n} done` : undefined
  const reason = reasonText(request, now) ?? undefined
  const place = status === 'queued' ? (reason ?? tellPlace(queuePosition)) : undefined
  const rest = status === 'running' ? reason : undefined
  return [place, done, rest, tellLeft(request)].filter((part) => part !== undefined).join(', ')
}

function tellLeft({ etaSeconds, isOverdue }: RequestSummary): string | undefined {
  if (etaSeconds === null) return isOverdue ? OVERDUE : undefined
  return etaSeconds < 1 ? 'done in a moment' : `about ${formatDuration(etaSeconds * 1000)} left`
}

const tellPlace = (position: number | null): string | undefined =>
  position === null ? undefined : position === 1 ? 'next in the queue' : `number ${position} in the queue`

/** What a listener wants to hear of the change from `before` to `after`. */
export function announce(before: RequestSummary | undefined, after: RequestSummary): string[] {
  if (!before) return []
  const had = new Set(before.images.map(({ position }) => position))
  const news = after.images.filter(({ position }) => !had.has(position))
  return [
    ...news.map(({ position }) => `Image ${position + 1} of ${after.n} is done`),
    ...(before.status === after.status ? [] : tellEnd(after))
  ]
}

function tellEnd({ status, error }: RequestSummary): string[] {
  if (status === 'failed') return [`The request failed: ${withLocalTimes(error?.message ?? 'no reason was given')}`]
  if (status === 'canceled') return ['The request was canceled']
  return []
}
