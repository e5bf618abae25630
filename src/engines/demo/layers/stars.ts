import type { Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import type { Random } from '../random.ts'

export interface StarsOptions {
  canvas: Canvas
  random: Random
  colour: Rgb
  /** Lowest row with stars; they thin out towards it. */
  bottom: number
  /** Stars in an area of one unit squared. */
  density: number
}

interface Star {
  x: number
  y: number
  radius: number
  light: number
  warmth: number
}

function drawStars({ canvas, random, bottom, density }: StarsOptions): Star[] {
  const count = Math.min(6000, Math.round((density * canvas.width * bottom) / canvas.unit ** 2))
  return Array.from({ length: count }, () => {
    const size = random.next() ** 6
    const height = random.next()
    const star = {
      x: random.next() * canvas.width,
      y: height * bottom,
      radius: canvas.unit * (0.0009 + 0.0022 * size),
      light: (0.35 + 0.65 * random.next()) * (1 - height ** 3) * (0.55 + 0.45 * size),
      warmth: random.between(-0.12, 0.12)
    }
    // A star thinner than a pixel is drawn a pixel wide and as much fainter, so that small pictures are not littered.
    const thinnest = 0.75
    if (star.radius >= thinnest) return star
    return { ...star, radius: thinnest, light: star.light * Math.max(0.16, (star.radius / thinnest) ** 0.9) }
  })
}

/** Points of light, a few of them large. */
export function stars(options: StarsOptions): Layer {
  const { canvas, colour, bottom } = options
  const rows = new Map<number, Star[]>()
  for (const star of drawStars(options)) {
    const reach = Math.ceil(star.radius * 2.2)
    for (let y = Math.floor(star.y) - reach; y <= Math.floor(star.y) + reach; y++) {
      const list = rows.get(y)
      if (list === undefined) rows.set(y, [star])
      else list.push(star)
    }
  }
  return {
    top: 0,
    bottom: Math.ceil(bottom),
    paintRow(row, y) {
      for (const { x, y: centre, radius, light, warmth } of rows.get(y) ?? []) {
        const reach = Math.ceil(radius * 2.2)
        const dy = y + 0.5 - centre
        for (let column = Math.floor(x) - reach; column <= Math.floor(x) + reach; column++) {
          if (column < 0 || column >= canvas.width) continue
          const dx = column + 0.5 - x
          const glow = light * Math.exp(-(dx * dx + dy * dy) / (radius * radius))
          const index = column * 3
          row[index] = (row[index] as number) + glow * (colour[0] * (1 + warmth) - (row[index] as number))
          row[index + 1] = (row[index + 1] as number) + glow * (colour[1] - (row[index + 1] as number))
          row[index + 2] = (row[index + 2] as number) + glow * (colour[2] * (1 - warmth) - (row[index + 2] as number))
        }
      }
    }
  }
}
