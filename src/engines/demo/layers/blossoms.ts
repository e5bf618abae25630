import { mixColours, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import type { Random } from '../random.ts'
import type { Outline } from './ridge.ts'

export interface BlossomsOptions {
  canvas: Canvas
  random: Random
  outline: Outline
  /** Last row with flowers. */
  bottom: number
  /** Diameter in units, at the outline and at the bottom. */
  small: number
  large: number
  /** Flowers in an area of one unit squared. */
  density: number
  colours: readonly [Rgb, ...Rgb[]]
}

interface Blossom {
  x: number
  y: number
  radius: number
  colour: Rgb
  heart: Rgb
}

function grow({ canvas, random, outline, bottom, small, large, density, colours }: BlossomsOptions): Blossom[] {
  const { unit, width } = canvas
  const middle = outline[Math.floor(width / 2)] ?? bottom
  const count = Math.min(5000, Math.round((density * width * Math.max(0, bottom - middle)) / unit ** 2))
  const blossoms = Array.from({ length: count }, () => {
    const [x, depth, size] = [random.next() * width, random.next() ** 0.8, random.between(0.6, 1.2)]
    const ground = (outline[Math.floor(x)] as number) + unit * 0.012
    const colour = random.pick(colours)
    return {
      x,
      y: ground + (bottom - ground) * depth,
      radius: (unit * (small + (large - small) * depth ** 1.5) * size) / 2,
      colour,
      heart: mixColours(colour, random.pick(colours), 0.7)
    }
  })
  return blossoms.sort((one, other) => one.y - other.y)
}

/** A field of small round flowers, seen from the side: wider than high, larger towards the viewer. */
export function blossoms(options: BlossomsOptions): Layer {
  const { canvas, bottom } = options
  const all = grow(options)
  const rows = new Map<number, Blossom[]>()
  for (const blossom of all) {
    const reach = Math.ceil(blossom.radius * 0.7) + 1
    for (let y = Math.floor(blossom.y) - reach; y <= Math.floor(blossom.y) + reach; y++) {
      const list = rows.get(y)
      if (list === undefined) rows.set(y, [blossom])
      else list.push(blossom)
    }
  }
  return {
    top: 0,
    bottom: Math.min(canvas.height, Math.ceil(bottom + canvas.unit * 0.05)),
    paintRow(row, y) {
      for (const { x, y: centre, radius, colour, heart } of rows.get(y) ?? []) {
        const dy = (y + 0.5 - centre) / 0.7
        for (
          let column = Math.max(0, Math.floor(x - radius - 1));
          column < Math.min(canvas.width, x + radius + 1);
          column++
        ) {
          const distance = Math.hypot(column + 0.5 - x, dy)
          const cover = Math.min(1, Math.max(0, radius - distance + 0.5)) * Math.min(1, radius * 1.4)
          if (cover === 0) continue
          const tint = distance < radius * 0.38 ? heart : colour
          const light = dy < 0 ? 1.04 : 0.92
          for (let channel = 0; channel < 3; channel++) {
            const index = column * 3 + channel
            row[index] = (row[index] as number) + ((tint[channel] as number) * light - (row[index] as number)) * cover
          }
        }
      }
    }
  }
}
