import { Bar, BarChart, CartesianGrid, Tooltip, XAxis, YAxis } from 'recharts'
import { formatCompact } from '../../lib/format.ts'
import type { FoldedUsage, UsagePoint } from './fold-usage.ts'
import { PointDetails } from './point-details.tsx'
import { seriesColour } from './series-colour.ts'

export interface UsageChartProps {
  usage: FoldedUsage
  nameOf: (series: string | null) => string
  /** How the axis calls a point. */
  tick: (at: number) => string
  /** How a point is called where there is room. */
  title: (at: number) => string
}

const TICK = { fill: 'var(--faint)', fontSize: 12 }

/** Bars of images by series, one above the other. Nothing moves; whoever cannot see it has the table. */
export function UsageChart({ usage: { points, series }, nameOf, tick, title }: UsageChartProps) {
  return (
    <BarChart
      responsive
      data={points}
      accessibilityLayer={false}
      margin={{ top: 8, right: 0, bottom: 0, left: 0 }}
      barCategoryGap="18%"
      className="size-full"
    >
      <CartesianGrid vertical={false} stroke="var(--line)" />
      <XAxis
        dataKey="start"
        tickFormatter={tick}
        tick={TICK}
        tickLine={false}
        axisLine={{ stroke: 'var(--line)' }}
        tickMargin={8}
        minTickGap={28}
      />
      <YAxis
        allowDecimals={false}
        tickFormatter={formatCompact}
        tick={TICK}
        tickLine={false}
        axisLine={false}
        width={36}
      />
      <Tooltip
        isAnimationActive={false}
        cursor={{ fill: 'var(--hover)' }}
        wrapperStyle={{ zIndex: 10 }}
        content={({ active, payload }) => {
          const point = payload[0]?.payload as UsagePoint | undefined
          return active && point ? (
            <PointDetails point={point} series={series} nameOf={nameOf} title={title(point.start)} />
          ) : null
        }}
      />
      {series.map((key, index) => (
        <Bar
          key={key ?? 'rest'}
          dataKey={`values[${index}]`}
          name={nameOf(key)}
          stackId="images"
          fill={seriesColour(series, index)}
          stroke="var(--surface)"
          strokeWidth={1}
          maxBarSize={44}
          isAnimationActive={false}
        />
      ))}
    </BarChart>
  )
}
