import { clsx } from 'clsx'

/** More than these are a bar: nobody counts them. */
const MOST_SQUARES = 24

export interface SlotsProps {
  used: number
  all: number
  /** It gets no work now. */
  idle?: boolean
}

/** How many images are being made of how many that can be: a square for each. */
export function Slots({ used, all, idle = false }: SlotsProps) {
  const text = `${used} of ${all} in use`
  return (
    <span className="inline-flex items-center gap-2" title={text}>
      <span aria-hidden className={clsx('inline-flex max-w-31 flex-wrap gap-1', idle && 'opacity-50')}>
        {all > MOST_SQUARES ? <Bar share={Math.min(1, used / all)} /> : <Squares used={used} all={all} />}
      </span>
      <span className="text-xs whitespace-nowrap text-muted tabular-nums">
        <span aria-hidden>
          {used}/{all}
        </span>
        <span className="sr-only">{text}</span>
      </span>
    </span>
  )
}

/** One may run more for a moment than it has slots: its file was changed meanwhile. */
const Squares = ({ used, all }: { used: number; all: number }) =>
  Array.from({ length: Math.max(used, all) }, (_, index) => (
    <span
      key={index}
      className={clsx(
        'size-2.5 rounded-[3px] transition-colors duration-500',
        index < used ? 'animate-pulse bg-accent' : 'border border-line-strong/60 bg-sunken'
      )}
    />
  ))

const Bar = ({ share }: { share: number }) => (
  <span className="block h-2.5 w-31 overflow-hidden rounded-[3px] border border-line-strong/60 bg-sunken">
    <span
      className="block h-full w-full origin-left animate-pulse bg-accent transition-transform duration-500"
      style={{ transform: `scaleX(${share})` }}
    />
  </span>
)
