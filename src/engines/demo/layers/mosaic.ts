import { clamp, type Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import type { Random } from '../random.ts'

export interface MosaicOptions {
  canvas: Canvas
  random: Random
  /** At least two. */
  colours: readonly [Rgb, Rgb, ...Rgb[]]
  /** Tiles along the shorter side. */
  across: number
}

/** How deep inside its figure a place of the unit square is: positive inside, in shares of the tile. */
type Motif = (u: number, v: number) => number

const MOTIFS: readonly [Motif, ...Motif[]] = [
  (u, v) => 1 - Math.hypot(u, v),
  (u, v) => 0.5 - Math.hypot(u - 0.5, v),
  (u, v) => 0.38 - Math.hypot(u - 0.5, v - 0.5),
  (u, v) => (v - u) * 0.707,
  (u, v) => Math.min(1 - Math.hypot(u, v), Math.hypot(u, v) - 0.5),
  (u, v) => Math.max(0.5 - Math.hypot(u, v - 0.5), 0.5 - Math.hypot(1 - u, v - 0.5)),
  (u) => 0.125 - Math.abs(((u * 2) % 1) - 0.5) * 0.5,
  (u, v) => Math.min(1 - Math.hypot(u, 1 - v), 1 - Math.hypot(1 - u, v)),
  (u, v) => 0.25 - Math.abs(((Math.hypot(u, v) * 2) % 1) - 0.5) - (Math.hypot(u, v) > 1 ? 1 : 0)
]

interface Tile {
  ground: Rgb
  figure: Rgb
  core: Rgb | undefined
  motif: Motif
  turn: number
}

function drawTiles(random: Random, colours: MosaicOptions['colours'], count: number): Tile[] {
  return Array.from({ length: count }, () => {
    const ground = random.pick(colours)
    const others = colours.filter((colour) => colour !== ground)
    const figure = random.pick(others.length > 0 ? (others as [Rgb, ...Rgb[]]) : colours)
    return {
      ground,
      figure,
      core: random.chance(0.3) ? random.pick(colours) : undefined,
      motif: random.pick(MOTIFS),
      turn: random.whole(0, 3)
    }
  })
}

const turned = (turn: number, u: number, v: number): readonly [number, number] =>
  turn === 0 ? [u, v] : turn === 1 ? [1 - v, u] : turn === 2 ? [1 - u, 1 - v] : [v, 1 - u]

/** A mosaic of squares, each with a simple figure in two or three colours. */
export function mosaic({ canvas, random, colours, across }: MosaicOptions): Layer {
  const side = canvas.unit / across
  const columns = Math.ceil(canvas.width / side)
  const rows = Math.ceil(canvas.height / side)
  const tiles = drawTiles(random, colours, columns * rows)
  return {
    top: 0,
    bottom: canvas.height,
    paintRow(row, y) {
      const tileRow = Math.min(rows - 1, Math.floor((y + 0.5) / side))
      const v0 = (y + 0.5) / side - tileRow
      for (let x = 0; x < canvas.width; x++) {
        const column = Math.min(columns - 1, Math.floor((x + 0.5) / side))
        const { ground, figure, core, motif, turn } = tiles[tileRow * columns + column] as Tile
        const [u, v] = turned(turn, (x + 0.5) / side - column, v0)
        const inside = clamp(motif(u, v) * side + 0.5)
        const inner = core === undefined ? 0 : clamp((0.16 - Math.hypot(u - 0.5, v - 0.5)) * side + 0.5)
        for (let channel = 0; channel < 3; channel++) {
          const base = ground[channel] as number
          const drawn = base + ((figure[channel] as number) - base) * inside
          row[x * 3 + channel] = drawn + (((core ?? figure)[channel] as number) - drawn) * inner
        }
      }
    }
  }
}
