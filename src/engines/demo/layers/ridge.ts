import { clamp, gradient, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'

/** The row of the ground's edge for every column, in pixels. */
export type Outline = Float32Array

/** Builds an outline from a function of the place in units, giving how far above `base` it rises, in units. */
export function outlineOf(canvas: Canvas, base: number, riseAt: (x: number) => number): Outline {
  return Float32Array.from({ length: canvas.width }, (_, x) => base - riseAt((x + 0.5) / canvas.unit) * canvas.unit)
}

export interface RidgeOptions {
  canvas: Canvas
  outline: Outline
  /** At the edge, and what it fades into further down (mist, as a rule). */
  crest: Rgb
  foot: Rgb
  /** Pixels from edge to foot colour. */
  depth: number
  /** Last row painted plus one; the picture's end unless given. */
  bottom?: number
}

const SHADES = 256

/** How much of a pixel one row below the outline's start is covered; steep edges are blurred along the slope. */
export function edgeCover(outline: Outline, x: number, y: number): number {
  const edge = outline[x] as number
  const slope = Math.abs((outline[x + 1] ?? edge) - (outline[x - 1] ?? edge)) * 0.5
  return clamp((y + 0.5 - edge) / (1 + slope) + 0.5)
}

const highest = (outline: Outline): number => outline.reduce((least, edge) => Math.min(least, edge), Infinity)

/** First row an outline touches, with room for its soft edge. */
export const topOf = (outline: Outline): number => Math.max(0, Math.floor(highest(outline)) - 3)

/** A hill, mountain or dune: everything below an outline, fading from crest to foot. */
export function ridge({ canvas, outline, crest, foot, depth, bottom = canvas.height }: RidgeOptions): Layer {
  const shades = gradient([crest, foot], SHADES)
  const scale = (SHADES - 1) / Math.max(1, depth)
  return {
    top: topOf(outline),
    bottom,
    paintRow(row, y) {
      for (let x = 0; x < canvas.width; x++) {
        const below = y + 0.5 - (outline[x] as number)
        if (below < -6) continue
        const cover = below > 24 ? 1 : edgeCover(outline, x, y)
        if (cover === 0) continue
        const shade = Math.min(SHADES - 1, Math.max(0, below * scale)) | 0
        const [index, at] = [x * 3, shade * 3]
        for (let channel = 0; channel < 3; channel++) {
          const behind = row[index + channel] as number
          row[index + channel] = behind + ((shades[at + channel] as number) - behind) * cover
        }
      }
    }
  }
}
