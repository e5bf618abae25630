import { fromOklch, hueDistance, mix, toOklch, type Oklch, type Rgb } from './colour.ts'
import { PALETTES, type Palette } from './palettes.ts'
import type { ToneName, TreatmentName } from './prompt-words.ts'
import type { Random } from './random.ts'
import type { PromptReading } from './read-prompt.ts'

type Recolour = (colour: Rgb) => Rgb

function mapPalette(palette: Palette, recolour: Recolour): Palette {
  return {
    sky: palette.sky.map(recolour),
    light: recolour(palette.light),
    far: recolour(palette.far),
    near: recolour(palette.near),
    accent: recolour(palette.accent),
    night: palette.night
  }
}

/** Below this chroma a colour is a grey and has no hue worth speaking of. */
const GREY_CHROMA = 0.03

/** Takes hue and chroma of `target`; keeps most of the lightness, which carries the depth of a picture. */
const towards =
  (target: Rgb, lightnessShare: number): Recolour =>
  (colour) => {
    const from = toOklch(colour)
    const to = toOklch(target)
    const room = 1 - Math.abs(2 * from.lightness - 1) ** 3
    return fromOklch({
      lightness: mix(from.lightness, to.lightness, to.chroma < GREY_CHROMA ? lightnessShare * 2 : lightnessShare),
      chroma: mix(from.chroma, to.chroma, 0.85) * mix(0.35, 1, room),
      hue: to.hue
    })
  }

/** The first colour named tints the sky, the second the lights, the third the land; the last serves what is left. */
function tint(palette: Palette, colours: readonly Rgb[]): Palette {
  const [first, second = first, third = second] = colours
  if (first === undefined || second === undefined || third === undefined) return palette
  const land = colours.length > 1 ? third : first
  return {
    sky: palette.sky.map((colour, index) =>
      towards(index === palette.sky.length - 1 && colours.length > 1 ? second : first, 0.25)(colour)
    ),
    light: towards(second, 0.1)(palette.light),
    far: towards(land, 0.2)(palette.far),
    near: towards(land, 0.1)(palette.near),
    accent: colours.at(-1) ?? first,
    night: palette.night
  }
}

const TREATMENTS: Record<TreatmentName, Recolour> = {
  monochrome: (colour) => fromOklch({ ...toOklch(colour), chroma: 0 }),
  pastel: (colour) => {
    const polar = toOklch(colour)
    return fromOklch({ ...polar, lightness: mix(polar.lightness, 0.88, 0.4), chroma: polar.chroma * 0.85 })
  },
  vivid: (colour) => {
    const polar = toOklch(colour)
    return fromOklch({ ...polar, chroma: Math.min(0.24, polar.chroma * 1.45) })
  },
  muted: (colour) => {
    const polar = toOklch(colour)
    return fromOklch({ ...polar, lightness: mix(polar.lightness, 0.6, 0.12), chroma: polar.chroma * 0.55 })
  }
}

/** Hues this near to an unwanted one are turned away from it, in radians. */
const KEPT_AWAY = (42 / 180) * Math.PI
const HUE_STEP = (3 / 180) * Math.PI

/** How far a hue has to be turned, either way, to be clear of all unwanted ones; undefined when no hue is. */
function turnAway(hue: number, unwanted: readonly number[]): number | undefined {
  for (let turn = 0; turn <= Math.PI; turn += HUE_STEP) {
    for (const signed of [turn, -turn]) {
      if (unwanted.every((bad) => Math.abs(hueDistance(bad, hue + signed)) >= KEPT_AWAY)) return signed
    }
  }
  return undefined
}

/** Black, white and grey have no hue: what is close to them is made lighter, darker or more colourful. */
function awayFromGrey(polar: Oklch, grey: Oklch): Oklch {
  if (grey.lightness > 0.85) return { ...polar, lightness: Math.min(polar.lightness, 0.8) }
  if (grey.lightness < 0.35) return { ...polar, lightness: Math.max(polar.lightness, 0.4) }
  return { ...polar, chroma: Math.max(polar.chroma, 0.06) }
}

/** Recolours so that no colour of the negative prompt is left. */
export function avoiding(unwanted: readonly Rgb[]): Recolour {
  const all = unwanted.map(toOklch)
  const greys = all.filter(({ chroma }) => chroma < GREY_CHROMA)
  const hues = all.filter(({ chroma }) => chroma >= GREY_CHROMA).map(({ hue }) => hue)
  return (colour) => {
    const polar = greys.reduce(awayFromGrey, toOklch(colour))
    const turn = turnAway(polar.hue, hues)
    if (turn === undefined) return fromOklch({ ...polar, chroma: 0 })
    return fromOklch({ ...polar, hue: polar.hue + turn, chroma: polar.chroma * (1 - 0.6 * (Math.abs(turn) / Math.PI)) })
  }
}

export interface PaletteChoice {
  reading: PromptReading
  /** What the scene likes when the prompt names no tone. */
  tones: readonly [ToneName, ...ToneName[]]
  /** Colours taken from an input image; they outrank those named in the prompt. */
  borrowed: readonly Rgb[]
  random: Random
}

/** The palette of a picture: a tone of the prompt or the scene, tinted, treated, and cleared of unwanted colours. */
export function choosePalette({ reading, tones, borrowed, random }: PaletteChoice): Palette {
  const [named, ...others] = reading.tones
  const tone = named === undefined ? random.pick(tones) : random.pick([named, named, ...others])
  const turn = random.between(-0.12, 0.12)
  const chosen = mapPalette(random.pick(PALETTES[tone]), (colour) => {
    const polar = toOklch(colour)
    return fromOklch({ ...polar, hue: polar.hue + turn })
  })
  const tinted = tint(chosen, borrowed.length > 0 ? borrowed : reading.colours)
  const treated = reading.treatments.reduce((kept, name) => mapPalette(kept, TREATMENTS[name]), tinted)
  return mapPalette(treated, avoiding(reading.unwantedColours))
}
