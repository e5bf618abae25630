import { gradient, mix, smoothstep } from './colour.ts'
import { canvasOf } from './layer.ts'
import { coarseField } from './layers/coarse-field.ts'
import { createNoise } from './noise.ts'
import type { Palette } from './palettes.ts'
import type { PaintJob, Picture } from './picture.ts'
import { createRandom } from './random.ts'

const SHADES = 256

/** Rec. 709 luma weights, on encoded values: how bright a pixel looks. */
const luma = (pixels: Uint8Array, at: number): number =>
  0.2126 * (pixels[at] as number) + 0.7152 * (pixels[at + 1] as number) + 0.0722 * (pixels[at + 2] as number)

/** How much of the scene an edit of this strength shows; below, it only repaints what is there. */
export const sceneShare = (strength: number): number => smoothstep(0.72, 1, strength)

/** Drifts in pixels by which an edit displaces the source, smooth and different for every seed. */
function createDrift({ width, height, strength, seed }: PaintJob) {
  const canvas = canvasOf(width, height)
  const noise = createNoise(createRandom(seed))
  const reach = canvas.unit * 0.035 * strength
  const drift = (shift: number) =>
    coarseField({
      canvas,
      top: 0,
      bottom: height,
      cells: 48,
      valueAt: (x, y) => reach * noise(x * 2.6 + shift, y * 2.6 - shift)
    })
  return { across: drift(3.7), down: drift(51.3) }
}

/**
 * Paints the source over a scene's row: gently displaced, and its light and shade in the colours of the palette. The
 * stronger the edit, the more of both, until only the scene is left.
 */
export function createRegrade(job: PaintJob, source: Picture, palette: Palette) {
  const { strength, width, height } = job
  const shades = gradient([palette.near, palette.far, ...palette.sky.slice(-2), palette.light], SHADES)
  const { across, down } = createDrift(job)
  const graded = 0.85 * smoothstep(0, 0.8, strength)
  const share = sceneShare(strength)
  const { pixels, channels } = source
  return (row: Float32Array, y: number): void => {
    if (share === 1) return
    const moveX = across.rowAt(y)
    const moveY = down.rowAt(y)
    for (let x = 0; x < width; x++) {
      const column = Math.min(width - 1, Math.max(0, Math.round(x + (moveX[x] as number))))
      const line = Math.min(height - 1, Math.max(0, Math.round(y + (moveY[x] as number))))
      const at = (line * width + column) * channels
      const shade = Math.round(luma(pixels, at)) * 3
      for (let channel = 0; channel < 3; channel++) {
        const kept = (pixels[at + channel] as number) / 255
        const painted = mix(kept, shades[shade + channel] as number, graded)
        row[x * 3 + channel] = share === 0 ? painted : mix(painted, row[x * 3 + channel] as number, share)
      }
    }
  }
}

/** How much of each pixel of a row is taken from the painting, 0 … 1; strength 0 leaves a source as it is. */
export function fillShares(shares: Float32Array, { source, mask, strength, width }: PaintJob, y: number): void {
  if (source === undefined) return void shares.fill(1)
  if (mask === undefined || strength === 0) return void shares.fill(strength === 0 ? 0 : 1)
  for (let x = 0; x < width; x++) shares[x] = (mask[y * width + x] as number) / 255
}

export interface FinishedRow {
  picture: Picture
  source: Picture | undefined
  /** width × 3 floats of colour and width floats each of alpha and share, all 0 … 1. */
  row: Float32Array
  alpha: Float32Array
  shares: Float32Array
  y: number
}

/** Puts a row into the picture. A pixel with share 0 is the source's, bit by bit. */
export function writeRow({ picture, source, row, alpha, shares, y }: FinishedRow): void {
  const { pixels, channels, width } = picture
  for (let x = 0; x < width; x++) {
    const share = source === undefined ? 1 : (shares[x] as number)
    const to = (y * width + x) * channels
    const from = source === undefined ? 0 : (y * width + x) * source.channels
    const opacity = alpha[x] as number
    const old = source?.channels === 4 ? (source.pixels[from + 3] as number) / 255 : 1
    const mixed = mix(old, opacity, share)
    // Colours are mixed weighted by their alpha: a transparent pixel has no colour to give.
    const weight = mixed === 0 ? share : (share * opacity) / mixed
    for (let channel = 0; channel < 3; channel++) {
      const painted = (row[x * 3 + channel] as number) * 255
      const value = source === undefined ? painted : mix(source.pixels[from + channel] as number, painted, weight)
      pixels[to + channel] = value <= 0 ? 0 : value >= 255 ? 255 : value + 0.5
    }
    if (channels === 4) pixels[to + 3] = mixed * 255 + 0.5
  }
}
