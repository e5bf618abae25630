import type { RequestSummary } from '../../../src/http/dashboard/contract/requests.ts'
import { formatNumber } from './format.ts'
import type { LiveImage } from './live-images.ts'

/** How far an image is. */
export interface ImageProgress {
  percent: number
  /** It follows from how long others took, and its engine has told nothing. */
  isEstimated: boolean
  /** Absent when how long it has been made already says more. */
  words?: string
}

/** As far as an estimate goes: what takes longer than others is told by the time it has taken. */
const MOST_ESTIMATED = 95

/**
 * Steps that its engine told, else an estimate, said to be one, else, of an only image, what is known of its request; undefined
 * when nothing is known.
 */
export function imageProgress(
  { n, progress }: Pick<RequestSummary, 'n' | 'progress'>,
  live: LiveImage | undefined
): ImageProgress | undefined {
  if (live && live.steps > 0) {
    const words = `Step ${formatNumber(live.step)} of ${formatNumber(live.steps)}`
    return { percent: Math.min(100, (live.step / live.steps) * 100), isEstimated: false, words }
  }
  const percent = live?.estimated
  if (percent !== undefined) {
    return { percent, isEstimated: true, ...(percent < MOST_ESTIMATED && { words: `About ${percent}%` }) }
  }
  return n === 1 && progress > 0
    ? { percent: progress, isEstimated: false, words: `${Math.round(progress)}%` }
    : undefined
}
