import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import { formatDateTime, formatMeasure, formatWeekday } from '../../lib/format.ts'
import { dayStarts, type PaceHour } from './pace-hours.ts'

/** What is drawn, each with its own scale. */
const LINES = [
  { field: 'secondsPerMegapixel', title: 'Seconds per megapixel', color: 'var(--accent)' },
  { field: 'images', title: 'Images per hour', color: 'var(--info)' }
] as const

type LineInfo = (typeof LINES)[number]

/** Two charts with one axis of time; their numbers are in the table beside them. */
export const PaceChart = ({ hours }: { hours: readonly PaceHour[] }) => (
  <div className="grid gap-6 lg:grid-cols-2">
    {LINES.map((line) => (
      <figure key={line.field} className="flex min-w-0 flex-col gap-2">
        <figcaption className="text-[13px] text-muted">{line.title}</figcaption>
        <Chart line={line} hours={hours} />
      </figure>
    ))}
  </div>
)

const TICK = { fill: 'var(--faint)', fontSize: 12 }

const Chart = ({ line, hours }: { line: LineInfo; hours: readonly PaceHour[] }) => (
  <div className="h-48" aria-hidden>
    <ResponsiveContainer width="100%" height="100%">
      <LineChart
        data={hours as PaceHour[]}
        syncId="pace"
        margin={{ top: 4, right: 8, bottom: 0, left: 0 }}
        accessibilityLayer={false}
      >
        <CartesianGrid stroke="var(--line)" vertical={false} />
        <XAxis
          dataKey="at"
          type="number"
          domain={['dataMin', 'dataMax']}
          ticks={dayStarts(hours)}
          tickFormatter={formatWeekday}
          tick={TICK}
          tickLine={false}
          axisLine={{ stroke: 'var(--line)' }}
        />
        <YAxis
          width={36}
          tick={TICK}
          tickLine={false}
          axisLine={false}
          tickFormatter={formatMeasure}
          allowDecimals={line.field !== 'images'}
        />
        <Tooltip
          isAnimationActive={false}
          cursor={{ stroke: 'var(--line-strong)' }}
          content={({ payload }) => <HourTip hour={payload[0]?.payload as PaceHour | undefined} />}
        />
        <Line
          dataKey={line.field}
          stroke={line.color}
          strokeWidth={2}
          // An hour between two without images would not be seen as a line.
          dot={line.field === 'images' ? false : { r: 2, fill: line.color, strokeWidth: 0 }}
          activeDot={{ r: 4, fill: line.color, stroke: 'var(--surface)' }}
          isAnimationActive={false}
        />
      </LineChart>
    </ResponsiveContainer>
  </div>
)

const HourTip = ({ hour }: { hour: PaceHour | undefined }) =>
  hour && (
    <div className="rounded-lg border border-line bg-raised px-3 py-2 text-[13px] shadow-pop">
      <p className="text-xs text-faint">{formatDateTime(hour.at)}</p>
      <p className="tabular-nums">{hour.images === 1 ? '1 image' : `${hour.images} images`}</p>
      {hour.secondsPerMegapixel !== null && (
        <p className="tabular-nums">{formatMeasure(hour.secondsPerMegapixel)} s per megapixel</p>
      )}
    </div>
  )
