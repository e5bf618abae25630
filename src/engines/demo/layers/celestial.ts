import type { Rgb } from '../colour.ts'
import { clamp, mix } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import { fractal, type Noise } from '../noise.ts'

export interface CelestialOptions {
  canvas: Canvas
  /** Centre and radius in pixels. */
  x: number
  y: number
  radius: number
  colour: Rgb
  glow: Rgb
  /** 0 none … 1 a blazing sun. */
  brightness: number
  /** Given for a moon: its seas. */
  craters?: Noise
}

const GLOW_SHADES = 2048

/** Light that falls off around the disc: a tight halo and a wide haze. */
function glowTable(reach: number, radius: number, unit: number, brightness: number): Float32Array {
  return Float32Array.from({ length: GLOW_SHADES + 1 }, (_, index) => {
    const distance = Math.max(0, (index / GLOW_SHADES) * reach - radius)
    const fade = 1 - index / GLOW_SHADES
    const halo = 0.5 * Math.exp(-distance / (radius * 0.55)) + 0.42 * Math.exp(-distance / (unit * 0.3))
    return brightness * halo * fade
  })
}

function glowLayer({ canvas, x, y, radius, glow, brightness }: CelestialOptions): Layer {
  const reach = canvas.unit * 1.5
  const table = glowTable(reach, radius, canvas.unit, brightness)
  const scale = GLOW_SHADES / reach
  const [r, g, b] = glow
  const left = Math.max(0, Math.floor(x - reach))
  const right = Math.min(canvas.width, Math.ceil(x + reach))
  return {
    top: Math.max(0, Math.floor(y - reach)),
    bottom: Math.min(canvas.height, Math.ceil(y + reach)),
    paintRow(row, rowY) {
      const dy = rowY + 0.5 - y
      for (let column = left; column < right; column++) {
        const dx = column + 0.5 - x
        const place = Math.sqrt(dx * dx + dy * dy) * scale
        if (place >= GLOW_SHADES) continue
        const at = place | 0
        const low = table[at] as number
        const light = low + ((table[at + 1] as number) - low) * (place - at)
        const index = column * 3
        row[index] = (row[index] as number) + (1 - (row[index] as number)) * light * r
        row[index + 1] = (row[index + 1] as number) + (1 - (row[index + 1] as number)) * light * g
        row[index + 2] = (row[index + 2] as number) + (1 - (row[index + 2] as number)) * light * b
      }
    }
  }
}

function discLayer({ canvas, x, y, radius, colour, craters }: CelestialOptions): Layer {
  const left = Math.max(0, Math.floor(x - radius - 1))
  const right = Math.min(canvas.width, Math.ceil(x + radius + 1))
  const shade = (dx: number, dy: number) =>
    craters === undefined ? 1 : 1 - 0.2 * clamp(0.2 + 1.5 * fractal(craters, dx * 1.7 + 9, dy * 1.7, 4))
  return {
    top: Math.floor(y - radius - 1),
    bottom: Math.ceil(y + radius + 1),
    paintRow(row, rowY) {
      const dy = rowY + 0.5 - y
      for (let column = left; column < right; column++) {
        const dx = column + 0.5 - x
        const cover = clamp(radius - Math.sqrt(dx * dx + dy * dy) + 0.5)
        if (cover === 0) continue
        const light = shade(dx / radius, dy / radius)
        for (let channel = 0; channel < 3; channel++) {
          const index = column * 3 + channel
          row[index] = mix(row[index] as number, (colour[channel] as number) * light, cover)
        }
      }
    }
  }
}

/** A sun or a moon; its disc is painted over its glow. */
export const celestial = (options: CelestialOptions): { glow: Layer; disc: Layer } => ({
  glow: glowLayer(options),
  disc: discLayer(options)
})
