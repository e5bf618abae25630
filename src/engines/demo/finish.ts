import type { Canvas } from './layer.ts'
import { mixBits } from './random.ts'

export interface FinishOptions {
  canvas: Canvas
  seed: number
  /** How much darker the corners are, 0 … 1. */
  vignette: number
  /** Strength of the film grain, 0 … 1; it also hides the steps of an 8-bit gradient. */
  grain: number
}

const GRAIN_SIZE = 1 << 14

/** Darkens the corners and adds grain, in place, to a row of width × 3 floats. */
export function createFinish({ canvas, seed, vignette, grain }: FinishOptions): (row: Float32Array, y: number) => void {
  const across = Float32Array.from({ length: canvas.width }, (_, x) => ((x + 0.5) / canvas.width - 0.5) ** 2)
  const specks = Float32Array.from({ length: GRAIN_SIZE }, (_, index) => {
    const bits = mixBits(index + seed)
    return (((bits & 0xffff) + (bits >>> 16)) / 0xffff - 1) * grain
  })
  return (row, y) => {
    const down = ((y + 0.5) / canvas.height - 0.5) ** 2
    const start = mixBits(y * 0x9e3779b1 + seed)
    for (let x = 0; x < canvas.width; x++) {
      const away = (across[x] as number) + down
      const light = 1 - vignette * away * away * 4
      const speck = specks[(start + x) & (GRAIN_SIZE - 1)] as number
      const index = x * 3
      row[index] = (row[index] as number) * light + speck
      row[index + 1] = (row[index + 1] as number) * light + speck
      row[index + 2] = (row[index + 2] as number) * light + speck
    }
  }
}
