import { LATEST_TIME } from '../lib/bounds.ts'
import { cleanText } from '../lib/clean-text.ts'

/** Columns wide enough for their longest cell; the first row is the heading. Tab-separated when nobody looks at it. */
export function printTable(given: readonly (readonly string[])[], out: NodeJS.WriteStream = process.stdout): void {
  // Names are other people's.
  const rows = given.map((row) => row.map((cell) => cleanText(cell)))
  if (!out.isTTY) {
    for (const row of rows) out.write(`${row.join('\t')}\n`)
    return
  }
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  for (const row of rows) {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0))
    out.write(`${cells.join('  ').trimEnd()}\n`)
  }
}

export const formatTime = (ms: number | null): string =>
  ms === null ? '-' : new Date(Math.min(ms, LATEST_TIME)).toISOString().slice(0, 16).replace('T', ' ')
