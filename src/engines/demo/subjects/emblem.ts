import { mixColours } from '../colour.ts'
import type { Layer } from '../layer.ts'
import { shape } from '../layers/shape.ts'
import { parsePath } from '../layers/svg-path.ts'
import type { SceneBrief } from '../scenes/scene.ts'
import { ellipse } from './drawing.ts'
import { drawSubject } from './subject.ts'

/** The prompt's subject before a pale disc in the middle of the picture, for scenes without ground to stand on. */
export function emblem(brief: SceneBrief): Layer[] {
  const { canvas, palette, subject } = brief
  if (subject === undefined) return []
  const { unit, width, height } = canvas
  const at = (x: number, y: number) =>
    [width / 2 + (x - 50) * unit * 0.01, height / 2 + (y - 50) * unit * 0.01] as const
  const colour = mixColours(palette.sky.at(-1) ?? palette.light, palette.light, 0.5)
  const lower = mixColours(palette.sky[2] ?? colour, colour, 0.5)
  return [
    shape({ canvas, polygons: parsePath(ellipse(50, 50, 35), at), colour: palette.near, opacity: 0.28 }),
    shape({ canvas, polygons: parsePath(ellipse(50, 50, 33), at), colour, lower }),
    ...drawSubject(brief, { x: width / 2, y: height / 2 + unit * 0.22, size: unit * 0.42, mirrored: false })
  ]
}
