import type { Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import { fractal, type Noise } from '../noise.ts'
import type { Random } from '../random.ts'

export interface CurtainOptions {
  canvas: Canvas
  random: Random
  noise: Noise
  /** Mean row of the lower edge; height in units. */
  base: number
  height: number
  low: Rgb
  high: Rgb
  strength: number
}

/** A curtain of northern light: bright and sharp below, fading upwards in rays. */
export function curtain({ canvas, random, noise, base, height, low, high, strength }: CurtainOptions): Layer {
  const { unit, width } = canvas
  const shift = random.between(0, 99)
  const tilt = random.between(-0.25, 0.25)
  const edges = new Float32Array(width)
  const rays = new Float32Array(width)
  const reaches = new Float32Array(width)
  for (let column = 0; column < width; column++) {
    const x = column / unit
    const fold = x + 0.22 * noise(x * 2.3 + shift, shift)
    edges[column] =
      base + unit * (0.2 * noise(fold * 1.7 + shift, 3) + tilt * (x - width / unit / 2) + 0.02 * noise(x * 9, shift))
    const streaks = 0.6 + 0.75 * fractal(noise, x * 15 + shift, 11, 3)
    rays[column] = Math.max(0, streaks) * Math.max(0, 0.5 + 1.15 * noise(fold * 1.5 + shift, 20)) * strength
    reaches[column] = unit * height * (0.75 + 0.5 * noise(x * 7 + shift, 31))
  }
  return {
    top: 0,
    bottom: Math.min(canvas.height, Math.ceil(base + unit * (0.3 + Math.abs(tilt) * (width / unit)))),
    paintRow(row, y) {
      for (let x = 0; x < width; x++) {
        const above = ((edges[x] as number) - y) / (reaches[x] as number)
        if (above < -0.22 || above > 1.6) continue
        // Rises within a fifth of the height, then fades as a bell does.
        const edge = above < 0 ? (above + 0.22) / 0.22 : 1
        const fade = above < 0 ? edge * edge : Math.exp(-2.6 * above * above) * (1 - above / 1.6)
        const light = (rays[x] as number) * fade
        const share = above <= 0 ? 0 : above >= 0.9 ? 1 : above / 0.9
        for (let channel = 0; channel < 3; channel++) {
          const index = x * 3 + channel
          const glow = (low[channel] as number) + ((high[channel] as number) - (low[channel] as number)) * share
          const behind = row[index] as number
          row[index] = behind + (1 - behind) * glow * light
        }
      }
    }
  }
}
