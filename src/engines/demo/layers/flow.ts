import { clamp, gradient, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import { fractal, type Noise } from '../noise.ts'
import type { Random } from '../random.ts'
import { coarseField } from './coarse-field.ts'

export interface FlowOptions {
  canvas: Canvas
  random: Random
  noise: Noise
  colours: readonly Rgb[]
  light: Rgb
  /** Times the colours are run through from the lowest to the highest fold. */
  folds: number
}

const SHADES = 1024

/** Folded cloth: noise bent by noise (Quílez' domain warping), coloured by height and lit from the upper left. */
export function flow({ canvas, random, noise, colours, light, folds }: FlowOptions): Layer {
  const shift = random.between(0, 99)
  const scale = random.between(0.55, 0.95)
  const angle = random.between(0, Math.PI)
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const field = coarseField({
    canvas,
    top: 0,
    bottom: canvas.height,
    cells: 256,
    valueAt: (x, y) => {
      const [u, v] = [(x * cos + y * sin) * scale + shift, (y * cos - x * sin) * scale * 2.1 + shift]
      const bendX = fractal(noise, u + 3.1, v + 1.7, 2)
      const bendY = fractal(noise, u - 5.2, v + 8.3, 2)
      const foldX = noise(u + 2.2 * bendX + 1.7, v + 2.2 * bendY + 9.2)
      return fractal(noise, u + 1.7 * foldX + bendY, v + 1.9 * bendX, 2)
    }
  })
  const there = colours.length > 1 ? [...colours, ...colours.slice(1, -1).toReversed()] : colours
  const shades = gradient([...there, there[0] as Rgb], SHADES + 1)
  const above = new Float32Array(canvas.width)
  const slopeScale = (canvas.unit * 0.16) / 2
  return {
    top: 0,
    bottom: canvas.height,
    paintRow(row, y) {
      above.set(field.rowAt(Math.max(0, y - 2)))
      const values = field.rowAt(y)
      for (let x = 0; x < canvas.width; x++) {
        const value = values[x] as number
        const before = values[x > 1 ? x - 2 : 0] as number
        const slope = (value - before) * 0.6 + (value - (above[x] as number))
        const lit = clamp(slope * slopeScale, -0.55, 0.55)
        const turn = (value * 0.5 + 0.5) * folds
        const shade = ((turn - Math.floor(turn)) * SHADES) | 0
        const sheen = lit > 0 ? lit * lit * 1.5 : 0
        for (let channel = 0; channel < 3; channel++) {
          const cloth = (shades[shade * 3 + channel] as number) * (1 + lit * 0.62)
          row[x * 3 + channel] = cloth + ((light[channel] as number) - cloth) * sheen
        }
      }
    }
  }
}
