import type { Row, Spread } from '../measurements.ts'

/** A table for each thing that was done, with a line for each way in which it was: medians, in brackets the range. */
export function writeTables(rows: readonly Row[]): string {
  const parts = Map.groupBy(rows, ({ part }) => part)
  return [...parts].map(([part, all]) => `## ${part}\n\n${writePart(all)}`).join('\n\n')
}

function writePart(rows: readonly Row[]): string {
  const tables = Map.groupBy(rows, ({ what }) => what)
  return [...tables].map(([what, lines]) => `### ${what}\n\n${writeTable(lines)}`).join('\n\n')
}

function writeTable(rows: readonly Row[]): string {
  // In the order of whoever has most: the others lack some of them.
  const fullest = rows.toSorted((a, b) => Object.keys(b.figures).length - Object.keys(a.figures).length)
  const names = [...new Set(fullest.flatMap(({ figures }) => Object.keys(figures)))]
  const cells = rows.map(({ target, figures }) => [target, ...names.map((name) => writeSpread(figures[name]))])
  const lines = [['', ...names], ['---', ...names.map(() => '--:')], ...cells]
  const notes = rows.flatMap(({ target, notes }) => notes.map((note) => `\n\n${target}: ${note}`))
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n') + notes.join('')
}

function writeSpread(spread: Spread | undefined): string {
  if (!spread) return '–'
  const { median, min, max } = spread
  if (min === max) return writeNumber(median)
  return `${writeNumber(median)} (${writeNumber(min)}–${writeNumber(max)})`
}

/** Three digits that count. */
export const writeNumber = (value: number): string => {
  const digits = value === 0 ? 0 : Math.min(2, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return value.toLocaleString('en', { maximumFractionDigits: digits })
}
