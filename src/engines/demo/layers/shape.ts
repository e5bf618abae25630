import { mix, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'

/** A closed outline: x, y, x, y … in pixels. */
export type Polygon = readonly number[]

export interface ShapeOptions {
  canvas: Canvas
  /** Filled by the non-zero rule: where polygons that turn the same way overlap, there is no hole. */
  polygons: readonly Polygon[]
  colour: Rgb
  /** The colour at the lowest point; `colour` everywhere when absent. */
  lower?: Rgb
  opacity?: number
}

/** Sub-rows per pixel row: with exact coverage across, four are smooth enough. */
const SUB_ROWS = 4

interface Crossing {
  x: number
  /** 1 where an edge runs down, −1 where it runs up. */
  turn: number
}

function crossings(polygons: readonly Polygon[], y: number): Crossing[] {
  const found: Crossing[] = []
  for (const polygon of polygons) {
    let x0 = polygon[polygon.length - 2] as number
    let y0 = polygon[polygon.length - 1] as number
    for (let index = 0; index < polygon.length; index += 2) {
      const x1 = polygon[index] as number
      const y1 = polygon[index + 1] as number
      if (y0 <= y !== y1 <= y) found.push({ x: x0 + ((y - y0) / (y1 - y0)) * (x1 - x0), turn: y0 <= y ? 1 : -1 })
      x0 = x1
      y0 = y1
    }
  }
  return found.sort((one, other) => one.x - other.x)
}

function addSpan(cover: Float32Array, from: number, to: number): void {
  const left = Math.max(0, from)
  const right = Math.min(cover.length, to)
  if (right <= left) return
  const [first, last] = [Math.floor(left), Math.min(cover.length - 1, Math.floor(right))]
  const add = (x: number, amount: number) => (cover[x] = (cover[x] as number) + amount / SUB_ROWS)
  if (first === last) return void add(first, right - left)
  add(first, first + 1 - left)
  for (let x = first + 1; x < last; x++) add(x, 1)
  add(last, right - last)
}

/** A filled shape with smooth edges. */
export function shape({ canvas, polygons, colour, lower = colour, opacity = 1 }: ShapeOptions): Layer {
  let [top, bottom] = [Infinity, -Infinity]
  for (const polygon of polygons) {
    for (let index = 1; index < polygon.length; index += 2) {
      top = Math.min(top, polygon[index] as number)
      bottom = Math.max(bottom, polygon[index] as number)
    }
  }
  const cover = new Float32Array(canvas.width)
  return {
    top: Math.max(0, Math.floor(top)),
    bottom: Math.min(canvas.height, Math.ceil(bottom)),
    paintRow(row, y) {
      let [left, right] = [canvas.width, -1]
      for (let sub = 0; sub < SUB_ROWS; sub++) {
        const found = crossings(polygons, y + (sub + 0.5) / SUB_ROWS)
        let winding = 0
        let start = 0
        for (const { x, turn } of found) {
          if (winding === 0) start = x
          winding += turn
          if (winding !== 0) continue
          addSpan(cover, start, x)
          left = Math.min(left, Math.floor(start))
          right = Math.max(right, Math.floor(x))
        }
      }
      const place = (y + 0.5 - top) / (bottom - top)
      const tint = [0, 1, 2].map((channel) => mix(colour[channel] as number, lower[channel] as number, place))
      for (let x = Math.max(0, left); x <= Math.min(canvas.width - 1, right); x++) {
        const alpha = (cover[x] as number) * opacity
        cover[x] = 0
        for (let channel = 0; channel < 3; channel++) {
          const behind = row[x * 3 + channel] as number
          row[x * 3 + channel] = behind + ((tint[channel] as number) - behind) * alpha
        }
      }
    }
  }
}
