import type { Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import type { Random } from '../random.ts'
import type { Outline } from './ridge.ts'
import { shape, type Polygon } from './shape.ts'

export interface KelpOptions {
  canvas: Canvas
  random: Random
  outline: Outline
  colour: Rgb
  tip: Rgb
  /** Highest frond in units. */
  height: number
  count: number
}

/** A ribbon from the ground up, swaying more towards its pointed tip. */
function frond({ canvas, random, outline, height }: KelpOptions, x: number): Polygon {
  const { unit } = canvas
  const ground = outline[Math.min(canvas.width - 1, Math.max(0, Math.round(x)))] as number
  const length = unit * height * random.between(0.4, 1)
  const [phase, turns, sway] = [random.between(0, 6), random.between(4, 7), unit * random.between(0.012, 0.03)]
  const width = unit * random.between(0.006, 0.012)
  const pieces = 28
  const left: number[] = []
  const right: number[] = []
  for (let piece = 0; piece <= pieces; piece++) {
    const up = piece / pieces
    const middle = x + sway * up * Math.sin(phase + up * turns) + sway * 1.5 * up
    const half = width * (1 - up ** 3) * (0.75 + 0.45 * Math.sin(up * 30 + phase))
    const y = ground + unit * 0.02 - length * up
    left.push(middle - half, y)
    right.unshift(middle + half, y)
  }
  return [...left, ...right]
}

/** Fronds of seaweed in clumps along an outline. */
export function kelp(options: KelpOptions): Layer[] {
  const { canvas, random, count, colour, tip } = options
  const clumps = Array.from({ length: Math.max(2, Math.round(count / 5)) }, () => random.next() * canvas.width)
  return Array.from({ length: count }, (_, index) => {
    const x = (clumps[index % clumps.length] as number) + random.between(-0.07, 0.07) * canvas.unit
    return shape({ canvas, polygons: [frond(options, x)], colour: tip, lower: colour })
  })
}
