import { smoothstep } from './colour.ts'
import type { Canvas } from './layer.ts'

/** Gives the alpha (0 … 1) of a row of a disc in the middle of the canvas, soft at its edge. */
export function createDisc({ width, height, unit }: Canvas): (alpha: Float32Array, y: number) => void {
  const radius = unit * 0.48
  const softness = Math.max(1.5, unit * 0.02)
  return (alpha, y) => {
    const dy = y + 0.5 - height / 2
    for (let x = 0; x < width; x++) {
      const dx = x + 0.5 - width / 2
      alpha[x] = smoothstep(radius, radius - softness, Math.sqrt(dx * dx + dy * dy))
    }
  }
}
