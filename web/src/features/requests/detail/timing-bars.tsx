import { clsx } from 'clsx'
import { formatDuration } from '../../../lib/format.ts'
import { LABELS, timingWords } from './timing-words.ts'
import { type ImageTiming, type Phase, PHASES } from './timing.ts'

const COLORS: Record<Phase, string> = {
  queued: 'bg-line-strong',
  loading: 'bg-info',
  generating: 'bg-accent',
  storing: 'bg-good'
}

/** A bar for each image, all of one scale, and the same in words; `took`: the request's own total is told beside it. */
export function TimingBars({ timings, took }: { timings: readonly ImageTiming[]; took: boolean }) {
  // Of one image it would be the same total, from other moments.
  const hasTotal = timings.length > 1 || !took
  const longest = Math.max(1, ...timings.map(({ totalMs }) => totalMs))
  const hasWaste = timings.some(({ segments }) => segments.some(({ wasted }) => wasted))
  return (
    <div className="flex flex-col gap-4">
      <ul aria-label="Phases" className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
        {PHASES.map((phase) => (
          <li key={phase} className="flex items-center gap-1.5">
            <span className={clsx('size-2.5 rounded-[3px]', COLORS[phase])} aria-hidden />
            {LABELS[phase]}
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
              {timingWords(timing, { hasTotal })}
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
        title={`${LABELS[phase]} ${formatDuration(ms)}`}
        className={clsx(
          'min-w-0.5 shrink-0 border-r border-surface last:border-r-0',
          COLORS[phase],
          wasted && 'wasted',
          open && 'animate-pulse'
        )}
        style={{ width: `${(100 * ms) / longest}%` }}
      />
    ))}
  </div>
)
