import { clamp, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import type { Random } from '../random.ts'

export interface BeamsOptions {
  canvas: Canvas
  random: Random
  /** Where the light comes from, in pixels; it may lie outside. */
  x: number
  y: number
  colour: Rgb
  strength: number
}

const ANGLES = 1024

/** Shafts of light fanning out downwards, strongest near their source. */
export function beams({ canvas, random, x, y, colour, strength }: BeamsOptions): Layer {
  const waves = Array.from({ length: 5 }, (_, index) => ({
    rate: 4 + index * 4.7 + random.next() * 3,
    phase: random.next() * 7
  }))
  const table = Float32Array.from({ length: ANGLES + 1 }, (_, index) => {
    const angle = (index / ANGLES) * Math.PI
    const sum = waves.reduce((total, { rate, phase }) => total + Math.sin(angle * rate + phase), 0)
    return clamp(sum * 0.32) ** 1.3 * Math.sin(angle)
  })
  const reach = Math.hypot(canvas.width, canvas.height) * 0.8
  return {
    top: Math.max(0, Math.ceil(y)),
    bottom: canvas.height,
    paintRow(row, rowY) {
      const dy = rowY + 0.5 - y
      for (let column = 0; column < canvas.width; column++) {
        const dx = column + 0.5 - x
        const fade = 1 - Math.sqrt(dx * dx + dy * dy) / reach
        if (fade <= 0) continue
        // A cheap stand-in for the angle, 0 … 1 from the right round to the left, monotonic over the lower half.
        const turn = 0.5 - (0.5 * dx) / (Math.abs(dx) + dy)
        const light = (table[(turn * ANGLES) | 0] as number) * fade * strength
        for (let channel = 0; channel < 3; channel++) {
          const index = column * 3 + channel
          const behind = row[index] as number
          row[index] = behind + (1 - behind) * light * (colour[channel] as number)
        }
      }
    }
  }
}
