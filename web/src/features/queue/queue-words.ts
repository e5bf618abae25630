import type { QueueState, RequestSummary } from '../../../../src/http/dashboard/contract/requests.ts'
import { formatDuration, formatNumber } from '../../lib/format.ts'
import { imageProgress } from '../../lib/image-progress.ts'
import type { LiveImage } from '../../lib/live-images.ts'
import { elapsedText, madeSince, OVERDUE } from '../../lib/wait-words.ts'

/** `3 images running, 120 waiting in all`. */
export function totalsText({ running, waiting }: Pick<QueueState, 'running' | 'waiting'>): string {
  if (running === 0 && waiting === 0) return 'Nothing is running or waiting.'
  return `${countImages(running)} running, ${formatNumber(waiting)} waiting in all`
}

export const countImages = (count: number): string => (count === 1 ? '1 image' : `${formatNumber(count)} images`)

/** Where its first waiting image stands; null when nothing is known. */
export function turnText(position: number | null): string | null {
  if (position === null) return null
  return position === 1 ? 'Next in line' : `Place ${formatNumber(position)}`
}

export function etaText({ etaSeconds, isOverdue }: Pick<RequestSummary, 'etaSeconds' | 'isOverdue'>): string | null {
  if (etaSeconds === null) return isOverdue ? OVERDUE : null
  return etaSeconds < 1 ? 'done in a moment' : `done in about ${formatDuration(etaSeconds * 1000)}`
}

/** How far a request is, in words: its step when it is one image of which steps are known, else how many are done. */
export function progressText(
  request: Pick<RequestSummary, 'n' | 'images' | 'progress' | 'making' | 'isOverdue'>,
  live: LiveImage | undefined,
  now: number
): string {
  if (request.n > 1) return `${formatNumber(request.images.length)} of ${formatNumber(request.n)} done`
  const told = imageProgress(request, live)
  // Beside an estimate that has run out no other is one.
  if (told?.words !== undefined && !(told.isEstimated && request.isOverdue)) return told.words
  const since = madeSince(request, 0)
  return since === undefined ? 'Waiting for its turn' : `${elapsedText(since, now)} so far`
}
