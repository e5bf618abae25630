import { clamp, smoothstep, type Rgb } from '../colour.ts'
import { paintLayers, type Canvas, type Layer } from '../layer.ts'
import type { Noise } from '../noise.ts'

export interface WaterOptions {
  canvas: Canvas
  noise: Noise
  /** The waterline, a pixel row. */
  horizon: number
  bottom: number
  /** What is mirrored. */
  mirrored: readonly Layer[]
  tint: Rgb
  /** 0 a mirror … 1 only the tint at the viewer's feet. */
  depth: number
  /** 0 glass … 1 a breeze. */
  ripple: number
  /** A path of light below a sun or moon. */
  glitter?: { x: number; width: number; colour: Rgb; strength: number }
}

/** Water that mirrors the layers above its horizon, rippled more towards the viewer. */
export function water({ canvas, noise, horizon, bottom, mirrored, tint, depth, ripple, glitter }: WaterOptions): Layer {
  const mirror = new Float32Array(canvas.width * 3)
  const waves = new Float32Array(canvas.width)
  const { unit, width } = canvas
  const span = Math.max(1, bottom - horizon)
  return {
    top: horizon,
    bottom,
    paintRow(row, y) {
      const near = (y + 0.5 - horizon) / span
      const perspective = 0.02 + near * 0.35
      const lift = noise(3.3, near * 40) * ripple * near * unit * 0.012
      const source = clamp(Math.round(2 * horizon - 1 - y + lift), 0, horizon - 1)
      paintLayers(mirrored, mirror, source)
      const waveHeight = 5.5 / perspective
      for (let x = 0; x < width; x++)
        waves[x] = noise((x / unit) * (2.2 / perspective) * 0.5, (y / unit) * waveHeight + 7)
      const sway = ripple * unit * (0.004 + 0.03 * near)
      const deep = depth * (0.25 + 0.75 * near)
      for (let x = 0; x < width; x++) {
        const wave = waves[x] as number
        const from = clamp(Math.round(x + wave * sway), 0, width - 1) * 3
        const shade = 1 + wave * ripple * 0.16
        const index = x * 3
        for (let channel = 0; channel < 3; channel++) {
          const reflected = mirror[from + channel] as number
          row[index + channel] = (reflected + ((tint[channel] as number) - reflected) * deep) * shade
        }
      }
      if (glitter === undefined) return
      const reach = glitter.width * (0.6 + near * 1.6)
      for (let x = Math.max(0, Math.floor(glitter.x - reach)); x < Math.min(width, glitter.x + reach); x++) {
        const across = 1 - Math.abs(x - glitter.x) / reach
        const sparkle = smoothstep(0.05, 0.5, (waves[x] as number) * 1.2 + across * 0.35 - 0.12)
        const light = glitter.strength * sparkle * across * (1 - near * 0.45)
        for (let channel = 0; channel < 3; channel++) {
          const index = x * 3 + channel
          row[index] = (row[index] as number) + ((glitter.colour[channel] as number) - (row[index] as number)) * light
        }
      }
    }
  }
}
