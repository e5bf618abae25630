import { mix, smoothstep, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import type { Noise } from '../noise.ts'
import type { Random } from '../random.ts'
import { coarseField } from './coarse-field.ts'
import { edgeCover, topOf, type Outline } from './ridge.ts'

export interface DuneOptions {
  canvas: Canvas
  random: Random
  noise: Noise
  /** Row of the foot, height and mean length of a dune in units. */
  base: number
  height: number
  length: number
  lit: Rgb
  shaded: Rgb
  lightFrom: -1 | 1
  /** First row hidden by what is in front. */
  bottom: number
}

/** A row of dunes: from each top an S-shaped crest runs down and parts light from shade. */
export function dune(options: DuneOptions): { layer: Layer; outline: Outline } {
  const { canvas, random, noise, base, height, length, lit, shaded, lightFrom, bottom } = options
  const { unit, width } = canvas
  const shift = random.between(0, 99)
  const skew = random.between(0.5, 0.9)
  // A sine with its phase dragged along by itself: one flank long, the other short, as wind piles sand up.
  const phaseAt = (x: number) => (x / length) * 2 * Math.PI + shift + 1.6 * noise(x * 0.6 + shift, shift)
  const outline = Float32Array.from({ length: width }, (_, column) => {
    const x = column / unit
    const phase = phaseAt(x)
    const swell = 0.5 + 0.5 * Math.sin(phase + skew * Math.sin(phase))
    return base - unit * height * (swell ** 1.25 + 0.3 * noise(x * 0.9 + 5, shift))
  })
  const top = topOf(outline)
  const dropAt = (x: number, y: number) => y - (outline[Math.min(width - 1, Math.floor(x * unit))] as number) / unit
  const faces = coarseField({
    canvas,
    top,
    bottom,
    cells: 300,
    valueAt: (x, y) => {
      const drop = Math.max(0, dropAt(x, y))
      const wander = 0.16 * Math.sin(drop * 9 + shift) * Math.min(1, drop * 6)
      const phase = phaseAt(x + wander - lightFrom * drop * 0.5)
      return Math.cos(phase + skew * Math.sin(phase)) * -lightFrom
    }
  })
  const bends = coarseField({
    canvas,
    top,
    bottom,
    cells: 60,
    valueAt: (x, y) => 26 * noise(x * 2.4 + shift, y * 3)
  })
  const layer: Layer = {
    top,
    bottom,
    paintRow(row, y) {
      const face = faces.rowAt(y)
      const bend = bends.rowAt(y)
      for (let x = 0; x < width; x++) {
        const below = y + 0.5 - (outline[x] as number)
        if (below < -6) continue
        const cover = below > 24 ? 1 : edgeCover(outline, x, y)
        if (cover === 0) continue
        const drop = below / unit
        const ripples = Math.sin(drop * 260 + (bend[x] as number)) * 0.04 * Math.min(1, drop * 8)
        const light = smoothstep(-0.2, 0.26, face[x] as number) * (1 - Math.min(0.55, drop * 1.1)) + ripples
        for (let channel = 0; channel < 3; channel++) {
          const index = x * 3 + channel
          const sand = mix(shaded[channel] as number, lit[channel] as number, light)
          const behind = row[index] as number
          row[index] = behind + (sand - behind) * cover
        }
      }
    }
  }
  return { layer, outline }
}
