/** Figures by their names, which end in the unit. */
export type Figures = Record<string, number | undefined>

export interface Measurement {
  part: string
  /** What was done, such as "1.5 MB, 16 connections". */
  what: string
  /** Through or of what, such as "Portkey". */
  target: string
  figures: Figures
  /** What a reader of the figures has to know, such as the first of the failures. */
  note?: string
}

export interface Spread {
  median: number
  min: number
  max: number
}

/** One row: what came of all runs of the same thing. */
export interface Row extends Omit<Measurement, 'figures' | 'note'> {
  runs: number
  figures: Record<string, Spread>
  notes: string[]
}
