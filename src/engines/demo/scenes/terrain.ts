import { mixColours, type Rgb } from '../colour.ts'
import type { Layer } from '../layer.ts'
import { conifers } from '../layers/conifers.ts'
import { peaks } from '../layers/peaks.ts'
import { outlineOf, ridge, type Outline } from '../layers/ridge.ts'
import { veil } from '../layers/veil.ts'
import { fractal } from '../noise.ts'
import type { Palette } from '../palettes.ts'
import type { SceneBrief } from './scene.ts'

/** The colour of land a share of the way from the horizon (0) to the viewer (1): distance fades into the sky. */
export function landColour(palette: Palette, nearness: number): Rgb {
  const haze = palette.sky.at(-1) ?? palette.far
  return nearness < 0.35
    ? mixColours(mixColours(haze, palette.far, 0.55), palette.far, nearness / 0.35)
    : mixColours(palette.far, palette.near, (nearness - 0.35) / 0.65)
}

export interface RangeOptions {
  /** Row of the range's foot, its height in units, and peaks along one unit. */
  base: number
  height: number
  frequency: number
  nearness: number
  sunX: number
  /** Where snow begins, as a share of the height; all ranges of a picture should have it or none. */
  snowLine: number
}

/** The snow line of a picture's ranges; above 1 there is no snow. */
export const snowLineOf = ({ random, has }: SceneBrief): number => (has('snow', 0.6) ? random.between(0.35, 0.7) : 2)

/** A range of rocky peaks. */
export function mountainRange(brief: SceneBrief, options: RangeOptions): Layer {
  const { base, height, frequency, nearness, sunX, snowLine } = options
  const { canvas, random, noise, palette } = brief
  const colour = landColour(palette, nearness)
  return peaks({
    canvas,
    noise,
    random,
    base,
    height,
    frequency,
    lit: mixColours(colour, palette.light, 0.3),
    shaded: mixColours(colour, palette.near, 0.3),
    foot: landColour(palette, nearness * 0.35),
    lightFrom: sunX < canvas.width / 2 ? -1 : 1,
    snowLine,
    snow: mixColours(palette.light, palette.sky.at(-1) ?? palette.light, 0.25)
  })
}

export interface HillOptions {
  base: number
  height: number
  frequency: number
  nearness: number
  /** Height of trees in units; none when absent. */
  trees?: number | undefined
  /** Pixels until the colour of the foot. */
  depth: number
  octaves?: number
  /** True: no trees in the middle, where someone is to stand. */
  clearing?: boolean
}

/** Rolling ground, wooded or bare, fading into mist at its foot. */
export function hill(brief: SceneBrief, options: HillOptions): { layers: Layer[]; outline: Outline } {
  const { canvas, random, noise, palette } = brief
  const { base, height, frequency, nearness, trees, depth, octaves = 4, clearing = false } = options
  const shift = random.between(0, 200)
  const outline = outlineOf(
    canvas,
    base,
    (x) => height * (0.5 + 0.9 * fractal(noise, x * frequency + shift, shift * 0.7, octaves))
  )
  const crest = landColour(palette, nearness)
  const foot = landColour(palette, Math.max(0, nearness - 0.3))
  const layers = [ridge({ canvas, outline, crest, foot, depth })]
  if (trees !== undefined) {
    const grove = random.between(0, 50)
    const middle = canvas.width / canvas.unit / 2
    const clearings = (x: number) =>
      clearing && Math.abs(x - middle) < 0.24 ? 0 : 0.6 + 1.5 * noise(x * 2.2 + grove, grove)
    const density = 2.6 / trees
    layers.unshift(conifers({ canvas, outline, random, height: trees, density, colour: crest, foot: crest, clearings }))
  }
  return { layers, outline }
}

/** Mist lying at a row, `height` pixels thick. */
export const mistAt = (brief: SceneBrief, y: number, height: number, opacity: number): Layer =>
  veil({
    canvas: brief.canvas,
    top: y - height / 2,
    bottom: y + height / 2,
    colour: brief.palette.sky.at(-1) ?? brief.palette.light,
    opacity: brief.has('mist', 1) ? opacity : 0
  })
