import type { Canvas } from '../layer.ts'

export interface CoarseFieldOptions {
  canvas: Canvas
  top: number
  bottom: number
  /** Cells along one unit; what is finer than two cells is lost. */
  cells: number
  /** The value at a place given in units from the canvas' top left. */
  valueAt(x: number, y: number): number
}

/** Values over a part of the canvas, asked for row by row. */
export interface CoarseField {
  /** The values of a pixel row; the array is reused by the next call. */
  rowAt(y: number): Float32Array
}

/**
 * Evaluates a costly function on a coarse grid and interpolates between: clouds and flows are smooth, so a value per
 * pixel would be work nobody sees.
 */
export function coarseField({ canvas, top, bottom, cells, valueAt }: CoarseFieldOptions): CoarseField {
  const step = Math.max(1, canvas.unit / cells)
  const columns = Math.ceil(canvas.width / step) + 2
  const rows = Math.ceil((bottom - top) / step) + 2
  const grid = new Float32Array(columns * rows)
  const filled = new Uint8Array(rows)
  const values = new Float32Array(canvas.width)

  const fill = (gridRow: number) => {
    if (filled[gridRow] === 1) return
    filled[gridRow] = 1
    for (let column = 0; column < columns; column++) {
      grid[gridRow * columns + column] = valueAt((column * step) / canvas.unit, (top + gridRow * step) / canvas.unit)
    }
  }

  return {
    rowAt(y) {
      const place = Math.min(rows - 1.001, Math.max(0, (y + 0.5 - top) / step))
      const gridRow = Math.floor(place)
      const v = place - gridRow
      fill(gridRow)
      fill(gridRow + 1)
      const upper = gridRow * columns
      const lower = upper + columns
      for (let x = 0; x < values.length; x++) {
        const across = (x + 0.5) / step
        const column = across | 0
        const u = across - column
        const a = (grid[upper + column] as number) * (1 - u) + (grid[upper + column + 1] as number) * u
        const b = (grid[lower + column] as number) * (1 - u) + (grid[lower + column + 1] as number) * u
        values[x] = a + (b - a) * v
      }
      return values
    }
  }
}
