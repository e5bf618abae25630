import type { Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import type { Random } from '../random.ts'
import { shape } from './shape.ts'
import { parsePath } from './svg-path.ts'

export interface BirdsOptions {
  canvas: Canvas
  random: Random
  colour: Rgb
  count: number
  /** Centre of the flock in pixels. */
  x: number
  y: number
}

/** Two raised wings, 20 wide, around the origin; `beat` lifts the tips. */
const wings = (beat: number) =>
  `M-10 ${-3 - beat} Q-5 ${-5 - beat * 0.6} 0 0 Q5 ${-5 - beat * 0.6} 10 ${-3 - beat} Q5 ${-2.6 - beat * 0.5} 0.6 2.2 L-0.6 2.2 Q-5 ${-2.6 - beat * 0.5} -10 ${-3 - beat} Z`

/** A small flock far away. */
export function birds({ canvas, random, colour, count, x, y }: BirdsOptions): Layer {
  const polygons = Array.from({ length: count }, () => {
    const size = canvas.unit * random.between(0.0008, 0.0019)
    const centreX = x + random.between(-0.16, 0.16) * canvas.unit
    const centreY = y + random.between(-0.06, 0.06) * canvas.unit
    const tilt = random.between(-0.25, 0.25)
    return parsePath(wings(random.between(-1, 3)), (px, py) => [
      centreX + (px - py * tilt) * size,
      centreY + (py + px * tilt) * size
    ])
  }).flat()
  return shape({ canvas, polygons, colour, opacity: 0.8 })
}
