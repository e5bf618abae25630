import type { Rgb } from '../colour.ts'
import type { Canvas, Layer } from '../layer.ts'
import type { Noise } from '../noise.ts'
import type { Palette } from '../palettes.ts'
import type { ElementName, SubjectName, ToneName } from '../prompt-words.ts'
import type { Random } from '../random.ts'

/** Everything a scene is made from; the same brief gives the same layers. */
export interface SceneBrief {
  canvas: Canvas
  random: Random
  noise: Noise
  palette: Palette
  subject: SubjectName | undefined
  subjectColour: Rgb | undefined
  /** True when the prompt wants the element, false when the negative prompt forbids it, else by chance. */
  has(element: ElementName, chance: number): boolean
  /** Keeps colours that do not come from the palette out of the negative prompt's way. */
  permitted(colour: Rgb): Rgb
}

export interface Scene {
  /** Palettes that suit it when the prompt names none. */
  tones: readonly [ToneName, ...ToneName[]]
  /** Back to front; the first covers the whole canvas. */
  layersOf(brief: SceneBrief): Layer[]
}
