import type { Polygon } from './shape.ts'

/** Straight pieces per curve; drawings here are small, so twelve look round. */
const PIECES = 12

/**
 * Reads the absolute commands M, L, C, Q and Z of SVG path data
 * (https://www.w3.org/TR/SVG2/paths.html#PathData) into polygons, moved and scaled by `place`.
 */
export function parsePath(data: string, place: (x: number, y: number) => readonly [number, number]): Polygon[] {
  const polygons: number[][] = []
  let points: number[] = []
  let [x, y] = [0, 0]
  const lineTo = (toX: number, toY: number) => points.push(...place(toX, toY))
  const curveTo = (pointAt: (t: number) => readonly [number, number]) => {
    for (let piece = 1; piece <= PIECES; piece++) lineTo(...pointAt(piece / PIECES))
  }
  for (const [, command = '', text = ''] of data.matchAll(/([MLCQZ])([^MLCQZ]*)/g)) {
    const numbers = (text.match(/-?[\d.]+/g) ?? []).map(Number)
    const size = { M: 2, L: 2, Q: 4, C: 6 }[command] ?? 2
    for (let at = 0; at + size <= numbers.length; at += size) {
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers.slice(at, at + size)
      const [x0, y0] = [x, y]
      if (command === 'M' && at === 0) polygons.push((points = []))
      if (size === 2) lineTo(a, b)
      if (size === 4) curveTo((t) => [bezier2(x0, a, c, t), bezier2(y0, b, d, t)])
      if (size === 6) curveTo((t) => [bezier3(x0, a, c, e, t), bezier3(y0, b, d, f, t)])
      ;[x, y] = size === 2 ? [a, b] : size === 4 ? [c, d] : [e, f]
    }
  }
  return polygons
}

const bezier2 = (p0: number, p1: number, p2: number, t: number): number =>
  (1 - t) * (1 - t) * p0 + 2 * t * (1 - t) * p1 + t * t * p2

const bezier3 = (p0: number, p1: number, p2: number, p3: number, t: number): number =>
  (1 - t) ** 3 * p0 + 3 * t * (1 - t) ** 2 * p1 + 3 * t * t * (1 - t) * p2 + t ** 3 * p3
