/** What one image costs, by process and picture. */
export interface Costs {
  /** Calls of JavaScript functions. */
  calls: Record<string, number>
  /** CPU time, as a part of what the calibration takes. */
  cpu: Record<string, number>
}

/**
 * How much each may grow. Calls are the same within 2 % on every machine and under every load, so a tenth more is work that was
 * added. CPU time is not, even beside work that never changes: see docs/performance.md.
 */
export const MAY_GROW: Record<keyof Costs, number> = { calls: 1.1, cpu: 1.5 }

export interface Judgement {
  what: keyof Costs
  name: string
  expected: number
  measured: number
  verdict: 'as expected' | 'too much' | 'less: write it anew'
}

/** Throws when something is expected that was not measured, or the other way. */
export function judgeCosts(measured: Costs, expected: Costs): Judgement[] {
  return (['calls', 'cpu'] as const).flatMap((what) =>
    [...new Set([...Object.keys(measured[what]), ...Object.keys(expected[what])])].map((name) => {
      const [now, before] = [measured[what][name], expected[what][name]]
      if (now === undefined || before === undefined) throw new Error(`'${name}' is measured or expected, not both`)
      return { what, name, expected: before, measured: now, verdict: verdictOf(now / before, MAY_GROW[what]) }
    })
  )
}

function verdictOf(growth: number, most: number): Judgement['verdict'] {
  if (growth > most) return 'too much'
  return growth < 1 / most ? 'less: write it anew' : 'as expected'
}

/** The least that each has cost in several tries: whatever else the machine does adds to it and takes nothing away. */
export const leastOf = (tries: readonly Costs[]): Costs => ({
  calls: least(tries.map(({ calls }) => calls)),
  cpu: least(tries.map(({ cpu }) => cpu))
})

const least = (tries: readonly Record<string, number>[]): Record<string, number> =>
  Object.fromEntries(
    Object.keys(tries[0] ?? {}).map((name) => [name, Math.min(...tries.map((one) => one[name] ?? Infinity))])
  )
