import type { GalleryRow, Tile } from './gallery-layout.ts'

export interface Place {
  row: number
  id: string
}

/** Where each request is, by its id. */
export function placesOf(rows: readonly GalleryRow[]): Map<string, { row: number; column: number }> {
  const places = new Map<string, { row: number; column: number }>()
  rows.forEach((one, row) => {
    if (one.kind === 'requests') one.tiles.forEach(({ request }, column) => places.set(request.id, { row, column }))
  })
  return places
}

const middle = ({ left, width }: Tile): number => left + width / 2

/** The row of requests that comes next in a direction. */
function nextRow(rows: readonly GalleryRow[], from: number, step: 1 | -1) {
  for (let index = from + step; index >= 0 && index < rows.length; index += step) {
    const row = rows[index]
    if (row?.kind === 'requests') return { index, tiles: row.tiles }
  }
  return undefined
}

/**
 * Where a key of the keyboard leads from a request in the grid, as the ARIA practices have it: arrows to the neighbour
 * (up and down to the one nearest below each other), Home and End to the ends of the row, with Ctrl of everything.
 * Undefined: it leads nowhere.
 */
export function moveTo(
  rows: readonly GalleryRow[],
  { from, key, ctrl }: { from: { row: number; column: number }; key: string; ctrl: boolean }
): Place | undefined {
  const here = rows[from.row]
  if (here?.kind !== 'requests') return undefined
  const { tiles } = here
  const tile = tiles[from.column]
  const inRow = (row: { index: number; tiles: readonly Tile[] } | undefined, column: number): Place | undefined => {
    const id = row?.tiles.at(column)?.request.id
    return row && id !== undefined ? { row: row.index, id } : undefined
  }
  const above = () => nextRow(rows, from.row, -1)
  const below = () => nextRow(rows, from.row, 1)
  const nearest = (row: ReturnType<typeof nextRow>) => {
    const distances = row?.tiles.map((one) => Math.abs(middle(one) - (tile ? middle(tile) : 0))) ?? []
    return inRow(row, distances.indexOf(Math.min(...distances)))
  }
  const row = { index: from.row, tiles }
  switch (key) {
    case 'ArrowLeft':
      return from.column > 0 ? inRow(row, from.column - 1) : inRow(above(), -1)
    case 'ArrowRight':
      return from.column < tiles.length - 1 ? inRow(row, from.column + 1) : inRow(below(), 0)
    case 'ArrowUp':
      return nearest(above())
    case 'ArrowDown':
      return nearest(below())
    case 'Home':
      return inRow(ctrl || tiles.length === 1 ? nextRow(rows, -1, 1) : row, 0)
    case 'End':
      return inRow(ctrl || tiles.length === 1 ? nextRow(rows, rows.length, -1) : row, -1)
    default:
      return undefined
  }
}
