import { clamp, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import { mixBits, type Random } from '../random.ts'
import type { Outline } from './ridge.ts'

export interface ConifersOptions {
  canvas: Canvas
  outline: Outline
  random: Random
  /** Mean height in units. */
  height: number
  /** Trees along one unit. */
  density: number
  colour: Rgb
  /** What the trunks fade into at the ground. */
  foot: Rgb
  /** 0 everywhere … 1 only in groups. */
  clearings?: (x: number) => number
}

interface Conifer {
  x: number
  top: number
  bottom: number
  /** Half width at the ground. */
  spread: number
  seed: number
}

function plant({ canvas, outline, random, height, density, clearings }: ConifersOptions): Conifer[] {
  const count = Math.min(2500, Math.round((density * canvas.width) / canvas.unit))
  const trees: Conifer[] = []
  for (let index = 0; index < count; index++) {
    const x = ((index + random.between(-0.9, 0.9)) / count) * canvas.width
    const size = height * canvas.unit * random.between(0.55, 1.25)
    const [slender, seed, luck] = [random.between(0.16, 0.24), random.whole(0, 1 << 30), random.next()]
    if (clearings !== undefined && luck > clearings(x / canvas.unit)) continue
    const ground = outline[clamp(Math.round(x), 0, canvas.width - 1)] as number
    const bottom = ground + size * 0.08
    trees.push({ x, top: bottom - size, bottom, spread: size * slender, seed })
  }
  return trees
}

/** Half the width of a conifer `place` (0 tip … 1 ground) down: boughs hang out and step back in. */
function boughWidth(tree: Conifer, place: number, side: number): number {
  const tiers = 9
  const tier = place ** 0.85 * tiers
  const within = tier - Math.floor(tier)
  const irregular = 0.72 + (0.5 * (mixBits(tree.seed + Math.floor(tier) * 2 + side) & 255)) / 255
  return tree.spread * place ** 0.9 * (0.42 + 0.58 * within) * irregular + tree.spread * 0.03
}

/** A stand of firs along an outline. */
export function conifers(options: ConifersOptions): Layer {
  const { canvas, colour, foot } = options
  const trees = plant(options)
  return {
    top: Math.max(0, Math.floor(trees.reduce((least, tree) => Math.min(least, tree.top), canvas.height))),
    bottom: Math.ceil(trees.reduce((most, tree) => Math.max(most, tree.bottom), 0)),
    paintRow(row, y) {
      for (const tree of trees) {
        const centre = y + 0.5
        if (centre < tree.top || centre > tree.bottom) continue
        const place = (centre - tree.top) / (tree.bottom - tree.top)
        const left = tree.x - boughWidth(tree, place, 0)
        const right = tree.x + boughWidth(tree, place, 1)
        const fade = place * place * 0.55
        const end = Math.min(canvas.width - 1, Math.floor(right))
        for (let x = Math.max(0, Math.floor(left)); x <= end; x++) {
          const cover = Math.min(right, x + 1) - Math.max(left, x)
          const index = x * 3
          for (let channel = 0; channel < 3; channel++) {
            const needle = colour[channel] as number
            const target = needle + ((foot[channel] as number) - needle) * fade
            const behind = row[index + channel] as number
            row[index + channel] = behind + (target - behind) * cover
          }
        }
      }
    }
  }
}
