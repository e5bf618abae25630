import type { BenchOptions } from '../bench-options.ts'
import type { Measurement } from '../measurements.ts'
import type { Target } from '../targets/target.ts'
import type { Upstream } from '../upstream.ts'

export interface BenchContext {
  options: BenchOptions
  /** Behind everything. */
  upstream: Upstream
  /** All ways to it that are compared; they are opened by the first part that asks, and stay for the others. */
  targets(): Promise<readonly Target[]>
  /** Keeps a measurement, and tells it. */
  record(measurement: Omit<Measurement, 'part'>): void
}

/** One thing that is measured, which `--only` can choose. */
export interface Part {
  name: string
  about: string
  run(context: BenchContext): Promise<void>
}
