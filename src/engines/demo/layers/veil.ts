import type { Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'

export interface VeilOptions {
  canvas: Canvas
  /** Pixel rows; the veil is thickest in the middle. */
  top: number
  bottom: number
  colour: Rgb
  opacity: number
}

/** A soft horizontal band: mist in a valley, haze at a horizon. */
export function veil({ canvas, top, bottom, colour, opacity }: VeilOptions): Layer {
  const first = Math.max(0, Math.floor(top))
  return {
    top: first,
    bottom: Math.min(canvas.height, Math.ceil(bottom)),
    paintRow(row, y) {
      const place = (y + 0.5 - top) / (bottom - top)
      const alpha = opacity * Math.sin(Math.PI * Math.min(1, Math.max(0, place))) ** 2
      for (let index = 0; index < row.length; index += 3) {
        for (let channel = 0; channel < 3; channel++) {
          const behind = row[index + channel] as number
          row[index + channel] = behind + ((colour[channel] as number) - behind) * alpha
        }
      }
    }
  }
}
