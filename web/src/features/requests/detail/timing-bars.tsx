import { clsx } from 'clsx'
import { formatDuration } from '../../../lib/format.ts'
import { type ImageTiming, type Phase, PHASES, phaseTotals } from './timing.ts'

const LOOKS: Record<Phase, { label: string; color: string }> = {
  queued: { label: 'Queued', color: 'bg-line-strong' },
  loading: { label: 'Loading', color: 'bg-info' },
  generating: { label: 'Generating', color: 'bg-accent' },
  storing: { label: 'Storing', color: 'bg-good' }
}

/** A bar for each image, all of one scale, and the same in words. */
export function TimingBars({ timings }: { timings: readonly ImageTiming[] }) {
  const longest = Math.max(1, ...timings.map(({ totalMs }) => totalMs))
  const hasWaste = timings.some(({ segments }) => segments.some(({ wasted }) => wasted))
  return (
    <div className="flex flex-col gap-4">
      <ul aria-label="Phases" className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
        {PHASES.map((phase) => (
          <li key={phase} className="flex items-center gap-1.5">
            <span className={clsx('size-2.5 rounded-[3px]', LOOKS[phase].color)} aria-hidden />
            {LOOKS[phase].label}
          </li>
        ))}
        {hasWaste && (
          <li className="flex items-center gap-1.5">
            <span className="wasted size-2.5 rounded-[3px] bg-line-strong" aria-hidden />A try without an image
          </li>
        )}
      </ul>
      <ol className="flex flex-col gap-3.5">
        {timings.map((timing) => (
          <li key={timing.image} className="flex flex-col gap-1.5">
            <Bar timing={timing} longest={longest} />
            <p className="text-[13px] text-muted tabular-nums">
              {timings.length > 1 && <span className="font-medium text-text">Image {timing.image + 1}: </span>}
              {wordsOf(timing)}
            </p>
          </li>
        ))}
      </ol>
    </div>
  )
}

const Bar = ({ timing, longest }: { timing: ImageTiming; longest: number }) => (
  <div aria-hidden className="flex h-3.5 overflow-hidden rounded-md bg-sunken">
    {timing.segments.map(({ phase, ms, wasted, open }, index) => (
      <span
        key={index}
        title={`${LOOKS[phase].label} ${formatDuration(ms)}`}
        className={clsx(
          'min-w-0.5 shrink-0 border-r border-surface last:border-r-0',
          LOOKS[phase].color,
          wasted && 'wasted',
          open && 'animate-pulse'
        )}
        style={{ width: `${(100 * ms) / longest}%` }}
      />
    ))}
  </div>
)

function wordsOf(timing: ImageTiming): string {
  const phases = phaseTotals(timing).map(({ phase, ms }) => `${LOOKS[phase].label.toLowerCase()} ${formatDuration(ms)}`)
  const tries = timing.attempts > 1 ? ` in ${timing.attempts} tries` : ''
  return `${formatDuration(timing.totalMs)}${tries}: ${phases.join(', ')}`
}
