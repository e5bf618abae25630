import { clamp, mixColours, smoothstep, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import { fractal, type Noise } from '../noise.ts'
import type { Random } from '../random.ts'
import { coarseField } from './coarse-field.ts'
import { edgeCover, topOf, type Outline } from './ridge.ts'

export interface PeaksOptions {
  canvas: Canvas
  noise: Noise
  random: Random
  /** Row of the foot, and the highest summit above it in units. */
  base: number
  height: number
  /** Summits along one unit. */
  frequency: number
  /** The rock in light and in shade, and the mist at its foot. */
  lit: Rgb
  shaded: Rgb
  foot: Rgb
  /** −1 light comes from the left, 1 from the right. */
  lightFrom: -1 | 1
  /** Share of the height above which snow lies; above 1 there is none. */
  snowLine: number
  snow: Rgb
}

/** Place and height in units, and how fast the flanks fall. */
interface Summit {
  x: number
  height: number
  fall: number
}

function drawSummits({ canvas, random, height, frequency }: PeaksOptions): Summit[] {
  const across = canvas.width / canvas.unit
  const count = Math.min(400, Math.max(2, Math.round(across * frequency) + 1))
  return Array.from({ length: count }, (_, index) => ({
    x: ((index + random.between(0.1, 0.9)) / count) * (across + 0.2) - 0.1,
    height: height * (1 - 0.62 * random.next()),
    fall: random.between(0.75, 1.25)
  }))
}

/** Below the mist nothing of the rock is left to see. */
function fillBelow(row: Float32Array, outline: Outline, colour: Rgb, y: number): void {
  for (let x = 0; x < outline.length; x++) if (y > (outline[x] as number)) row.set(colour, x * 3)
}

/** Mountains with a lit and a shaded side to each summit, spurs, snow on top, and mist at the foot. */
export function peaks(options: PeaksOptions): Layer {
  const { canvas, noise, random, base, height, lightFrom, snowLine } = options
  const { unit, width } = canvas
  const summits = drawSummits(options)
  const shift = random.between(0, 200)
  const bendAt = (x: number) => 0.05 * noise(x * 3 + shift, shift)
  const flankAt = (summit: Summit, x: number) => summit.height - Math.abs(x + bendAt(x) - summit.x) * summit.fall
  const outline = new Float32Array(width)
  const teeth = new Float32Array(width)
  for (let column = 0; column < width; column++) {
    const x = (column + 0.5) / unit
    const rise = summits.reduce((most, summit) => Math.max(most, flankAt(summit, x)), height * 0.15)
    teeth[column] = height * 0.2 * fractal(noise, x * 7 + shift, shift + 5, 5)
    outline[column] = base - unit * (rise + (teeth[column] as number))
  }
  // Lower summits stand in front: the first whose flank is above a place owns it.
  const fromFront = summits.toSorted((one, other) => one.height - other.height)
  const centreAt = (x: number, rise: number) => {
    const owner = fromFront.find((summit) => flankAt(summit, x) >= rise) ?? fromFront.at(-1)
    return (owner?.x ?? x) - bendAt(x)
  }
  const top = topOf(outline)
  const columnAt = (x: number) => clamp(Math.round(x * unit), 0, width - 1)
  const relief = coarseField({
    canvas,
    top,
    bottom: canvas.height,
    cells: 360,
    valueAt: (x, row) => {
      const column = columnAt(x)
      const edge = (outline[column] as number) / unit
      // Cells above the outline are only interpolated from: one next to it continues it, the rest are never seen.
      if (row < edge - 0.02) return 0.5
      const y = Math.max(row, edge)
      const below = y - edge
      // The crest between light and shade wanders down from the summit; spurs branch off to both sides of it.
      const centre = centreAt(x, base / unit - y - (teeth[column] as number))
      const wander = 0.09 * noise(y * 7 + shift, centre * 5) * clamp(below * 12)
      const side = x - centre - wander
      const slant = side < 0 ? 1 : -1
      const spur = fractal(noise, (x + slant * y * 0.75) * 10 + shift, (y - slant * x * 0.3) * 5, 4)
      return clamp(0.5 + side * lightFrom * 26, 0.12, 0.88) + spur * 0.85
    }
  })
  const rough = coarseField({
    canvas,
    top,
    bottom: canvas.height,
    cells: 360,
    valueAt: (x, y) => fractal(noise, x * 11 + shift, y * 8, 3)
  })
  const [lit, shaded, foot, snow] = [options.lit, options.shaded, options.foot, options.snow]
  const snowShade = mixColours(snow, shaded, 0.5)
  return {
    top,
    bottom: canvas.height,
    paintRow(row, y) {
      const altitude = (base - y) / (unit * height)
      const mist = smoothstep(0.6, -0.1, altitude)
      if (mist === 1) return void fillBelow(row, outline, foot, y)
      const lights = relief.rowAt(y)
      const edges = rough.rowAt(y)
      for (let x = 0; x < width; x++) {
        const below = y + 0.5 - (outline[x] as number)
        if (below < -6) continue
        const cover = below > 24 ? 1 : edgeCover(outline, x, y)
        if (cover === 0) continue
        const light = clamp(lights[x] as number)
        const snowed = smoothstep(-0.04, 0.04, altitude - snowLine + (edges[x] as number) * 0.35 + (light - 0.5) * 0.12)
        const index = x * 3
        for (let channel = 0; channel < 3; channel++) {
          const dark = shaded[channel] as number
          const rock = dark + ((lit[channel] as number) - dark) * light
          const blue = snowShade[channel] as number
          const white = blue + ((snow[channel] as number) - blue) * light
          const stone = rock + (white - rock) * snowed
          const colour = stone + ((foot[channel] as number) - stone) * mist
          const behind = row[index + channel] as number
          row[index + channel] = behind + (colour - behind) * cover
        }
      }
    }
  }
}
