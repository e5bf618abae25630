import { median } from '../load/statistics.ts'
import type { Measurement, Row, Spread } from '../measurements.ts'

/** One row for each thing that was measured, in the order in which they were first: the medians of its runs, and their ends. */
export function gatherRows(measurements: readonly Measurement[]): Row[] {
  const groups = Map.groupBy(measurements, ({ part, what, target }) => JSON.stringify([part, what, target]))
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const names = new Set(group.flatMap(({ figures }) => Object.keys(figures)))
    const spreads = [...names].flatMap((name) => {
      const values = group.flatMap(({ figures }) => figures[name] ?? [])
      return values.length === 0 ? [] : [[name, spreadOf(values)] as const]
    })
    return {
      part: first.part,
      what: first.what,
      target: first.target,
      runs: group.length,
      figures: Object.fromEntries(spreads),
      notes: [...new Set(group.flatMap(({ note }) => note ?? []))]
    }
  })
}

const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values) ?? NaN,
  min: Math.min(...values),
  max: Math.max(...values)
})
