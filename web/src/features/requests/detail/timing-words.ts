import { formatDuration } from '../../../lib/format.ts'
import { type ImageTiming, type Phase, phaseTotals } from './timing.ts'

export const LABELS: Record<Phase, string> = {
  queued: 'Queued',
  loading: 'Loading',
  generating: 'Generating',
  storing: 'Storing'
}

/** How long an image was in each phase and how many tries it had, and with `hasTotal` first how long that was together. */
export function timingWords(timing: ImageTiming, { hasTotal }: { hasTotal: boolean }): string {
  const phases = phaseTotals(timing).map(({ phase, ms }) => `${LABELS[phase].toLowerCase()} ${formatDuration(ms)}`)
  const tries = timing.attempts > 1 ? `in ${timing.attempts} tries` : ''
  const before = [hasTotal ? formatDuration(timing.totalMs) : '', tries].filter((one) => one !== '').join(' ')
  const words = before === '' ? phases.join(', ') : `${before}: ${phases.join(', ')}`
  return words.charAt(0).toUpperCase() + words.slice(1)
}
