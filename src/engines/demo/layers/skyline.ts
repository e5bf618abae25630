import { clamp, gradient, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import { mixBits, type Random } from '../random.ts'

export interface SkylineOptions {
  canvas: Canvas
  random: Random
  base: number
  /** Highest building in units, and mean width. */
  height: number
  width: number
  roof: Rgb
  foot: Rgb
  window: Rgb
  /** Share of windows lit. */
  lit: number
}

interface Building {
  left: number
  right: number
  top: number
  seed: number
}

function build({ canvas, random, base, height, width }: SkylineOptions): Building[] {
  const buildings: Building[] = []
  const { unit } = canvas
  let left = -width * unit * random.next()
  while (left < canvas.width) {
    const right = left + width * unit * random.between(0.55, 1.5)
    // A few towers high above many lower houses make a skyline.
    const rise = height * unit * (0.32 + 0.68 * random.next() ** 2.6)
    const building = { left, right, top: base - rise, seed: random.whole(0, 1 << 30) }
    buildings.push(building)
    if (random.chance(0.3)) {
      const inset = (right - left) * random.between(0.15, 0.3)
      buildings.push({ ...building, left: left + inset, right: right - inset, top: building.top - rise * 0.12 })
    }
    if (random.chance(0.22)) {
      const middle = (left + right) / 2
      const mast = unit * 0.0025
      buildings.push({
        ...building,
        left: middle - mast,
        right: middle + mast,
        top: building.top - rise * random.between(0.15, 0.3)
      })
    }
    left = right + unit * random.between(-0.01, 0.012)
  }
  return buildings
}

/** The covered part of a pixel by a periodic bar: `share` of each `period`, starting at 0. */
function barCover(from: number, period: number, share: number): number {
  const filled = (at: number) =>
    Math.floor(at / period) * period * share + Math.min(at - Math.floor(at / period) * period, period * share)
  return filled(from + 1) - filled(from)
}

/** Buildings with lit windows, back ones hidden by those in front. */
export function skyline(options: SkylineOptions): Layer {
  const { canvas, base, roof, foot, window, lit, height } = options
  const buildings = build(options)
  const shades = gradient([roof, foot], 256)
  const top = buildings.reduce((least, building) => Math.min(least, building.top), canvas.height)
  const period = canvas.unit * 0.0125
  return {
    top: Math.max(0, Math.floor(top)),
    bottom: Math.min(canvas.height, Math.ceil(base)),
    paintRow(row, y) {
      const shade = Math.round(clamp((y - (base - height * canvas.unit)) / (height * canvas.unit)) * 255) * 3
      for (const { left, right, top: roofRow, seed } of buildings) {
        const down = clamp(y + 1 - roofRow)
        if (down === 0) continue
        const floor = Math.floor((y - roofRow) / period)
        const rowCover = y - roofRow > period && right - left > period * 2 ? barCover(y - roofRow, period, 0.52) : 0
        const tone = 0.94 + ((seed >>> 8) & 15) / 125
        const end = Math.min(canvas.width - 1, Math.ceil(right) - 1)
        for (let x = Math.max(0, Math.floor(left)); x <= end; x++) {
          const across = Math.min(right, x + 1) - Math.max(left, x)
          const room = Math.floor((x + 0.5 - left) / period)
          const inside = x - left > period * 0.5 && right - x > period * 0.8
          const on = inside && rowCover > 0 && (mixBits(seed + room * 7919 + floor * 104729) & 255) < lit * 255
          const glow = on ? barCover(x - left, period, 0.5) * rowCover * (0.6 + ((seed >> 4) & 7) / 20) : 0
          for (let channel = 0; channel < 3; channel++) {
            const index = x * 3 + channel
            const wall = (shades[shade + channel] as number) * tone
            const colour = wall + ((window[channel] as number) - wall) * glow
            const behind = row[index] as number
            row[index] = behind + (colour - behind) * across * down
          }
        }
      }
    }
  }
}
