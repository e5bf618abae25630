import { clamp, gradient, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import { fractal, type Noise } from '../noise.ts'
import type { Random } from '../random.ts'
import { coarseField } from './coarse-field.ts'

export interface NebulaOptions {
  canvas: Canvas
  random: Random
  noise: Noise
  /** From the thin edge to the bright heart. */
  colours: readonly Rgb[]
  strength: number
}

/** Clouds of glowing gas, gathered along a slanting band. */
export function nebula({ canvas, random, noise, colours, strength }: NebulaOptions): Layer {
  const shift = random.between(0, 99)
  const angle = random.between(-0.9, 0.9)
  const [centreX, centreY] = [canvas.width / canvas.unit / 2, canvas.height / canvas.unit / 2]
  const field = coarseField({
    canvas,
    top: 0,
    bottom: canvas.height,
    cells: 230,
    valueAt: (x, y) => {
      const aside = (y - centreY) * Math.cos(angle) - (x - centreX) * Math.sin(angle)
      const bend = fractal(noise, x * 1.1 + shift, y * 1.1 + shift, 3)
      const cloud = fractal(noise, x * 1.7 + bend * 1.5 + shift, y * 1.7 - bend * 1.3, 5)
      const band = Math.exp(-((aside + bend * 0.28) ** 2) / 0.07)
      return clamp((0.34 + cloud * 1.05) * (0.25 + 0.9 * band))
    }
  })
  const shades = gradient(colours, 256)
  return {
    top: 0,
    bottom: canvas.height,
    paintRow(row, y) {
      const values = field.rowAt(y)
      for (let x = 0; x < canvas.width; x++) {
        const value = values[x] as number
        const shade = (value * 255) | 0
        const light = value * strength
        for (let channel = 0; channel < 3; channel++) {
          const index = x * 3 + channel
          const behind = row[index] as number
          row[index] = behind + (1 - behind) * (shades[shade * 3 + channel] as number) * light
        }
      }
    }
  }
}
