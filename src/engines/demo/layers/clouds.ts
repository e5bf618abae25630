import { smoothstep, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import { fractal, type Noise } from '../noise.ts'
import type { Random } from '../random.ts'
import { coarseField } from './coarse-field.ts'

export interface CloudsOptions {
  canvas: Canvas
  noise: Noise
  random: Random
  top: number
  bottom: number
  /** 0 a clear sky … 1 closed. */
  cover: number
  /** How many times wider than high. */
  stretch: number
  lit: Rgb
  shaded: Rgb
  opacity: number
}

/** Drifting layers of cloud; where they are thick they take the shaded colour. */
export function clouds(options: CloudsOptions): Layer {
  const { canvas, noise, random, top, bottom, cover, stretch, lit, shaded, opacity } = options
  const [shiftX, shiftY] = [random.between(0, 90), random.between(0, 90)]
  const field = coarseField({
    canvas,
    top,
    bottom,
    cells: 280,
    valueAt: (x, y) => {
      const [u, v] = [x * 2.1 + shiftX, y * 2.1 * stretch + shiftY]
      const bend = noise(u * 0.5 + 40, v * 0.5)
      return fractal(noise, u + bend * 0.6, v + bend * 0.9, 5)
    }
  })
  const threshold = 0.42 - cover * 0.62
  const height = Math.max(1, bottom - top)
  return {
    top,
    bottom,
    paintRow(row, y) {
      const place = (y - top) / height
      const fade = opacity * smoothstep(0, 0.25, place) * smoothstep(1, 0.55, place)
      if (fade === 0) return
      const values = field.rowAt(y)
      for (let x = 0; x < canvas.width; x++) {
        const over = (values[x] as number) - threshold
        if (over <= 0) continue
        const thickness = over > 0.5 ? 1 : over * 2
        const alpha = fade * thickness * (2 - thickness)
        const shade = thickness * thickness * 0.8
        const index = x * 3
        for (let channel = 0; channel < 3; channel++) {
          const from = lit[channel] as number
          const colour = from + ((shaded[channel] as number) - from) * shade
          const below = row[index + channel] as number
          row[index + channel] = below + (colour - below) * alpha
        }
      }
    }
  }
}
