import { clamp, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import type { Random } from '../random.ts'

export interface BubblesOptions {
  canvas: Canvas
  random: Random
  colour: Rgb
  count: number
}

/** Rings with a bright spot, rising in a few strings. */
export function bubbles({ canvas, random, colour, count }: BubblesOptions): Layer {
  const { unit, width, height } = canvas
  const strings = Array.from({ length: 3 }, () => random.next() * width)
  const all = Array.from({ length: count }, (_, index) => ({
    x: (strings[index % 3] as number) + random.between(-0.07, 0.07) * unit,
    y: random.next() * height,
    radius: unit * (0.003 + 0.013 * random.next() ** 2)
  }))
  return {
    top: 0,
    bottom: height,
    paintRow(row, y) {
      for (const { x, y: centre, radius } of all) {
        const dy = y + 0.5 - centre
        if (Math.abs(dy) > radius + 1) continue
        for (let column = Math.max(0, Math.floor(x - radius - 1)); column < Math.min(width, x + radius + 1); column++) {
          const dx = column + 0.5 - x
          const distance = Math.sqrt(dx * dx + dy * dy)
          const inside = clamp(radius - distance + 0.5)
          const rim = inside * Math.min(1, distance / radius) ** 3 * 0.55 * Math.min(1, radius / 2)
          const spot = radius > 2 && Math.hypot(dx + radius * 0.35, dy + radius * 0.35) < radius * 0.25 ? 0.7 : 0
          const light = Math.max(rim, spot * inside, inside * 0.08)
          for (let channel = 0; channel < 3; channel++) {
            const index = column * 3 + channel
            row[index] = (row[index] as number) + ((colour[channel] as number) - (row[index] as number)) * light
          }
        }
      }
    }
  }
}
