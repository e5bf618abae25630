import { hex, lighten, mixColours, type Rgb } from '../colour.ts'
import { above, below, type Layer } from '../layer.ts'
import { ridge, type Outline } from '../layers/ridge.ts'
import { shape } from '../layers/shape.ts'
import { parsePath } from '../layers/svg-path.ts'
import type { SubjectName } from '../prompt-words.ts'
import type { SceneBrief } from '../scenes/scene.ts'
import * as animals from './animals.ts'
import type { Drawing, Role } from './drawing.ts'
import * as plants from './plants.ts'
import * as things from './things.ts'

const DRAWINGS: Record<SubjectName, Drawing> = { ...animals, ...plants, ...things }

/** The colours of a subject, drawn a little into the light of the scene so that it belongs there. */
function subjectColours(brief: SceneBrief, drawing: Drawing): Record<Role, Rgb> {
  const { palette, subjectColour, permitted } = brief
  const ambient = palette.night ? palette.far : (palette.sky.at(-1) ?? palette.far)
  const inScene = (colour: Rgb) => permitted(mixColours(colour, ambient, palette.night ? 0.3 : 0.1))
  const main = subjectColour ?? hex(drawing.main)
  return {
    main: inScene(main),
    shade: inScene(mixColours(main, palette.near, 0.3)),
    pale: inScene(lighten(main, 0.09)),
    second: inScene(hex(drawing.second)),
    light: palette.light,
    accent: palette.accent,
    dark: inScene(mixColours(palette.near, hex('1a1420'), 0.5))
  }
}

export interface SubjectPlace {
  /** Middle of the foot, in pixels. */
  x: number
  y: number
  /** Height in pixels of a drawing of scale 1. */
  size: number
  mirrored: boolean
  /** A reflection: upside down and faint, hanging from `y`. */
  reflected?: boolean
}

/** The layers of the prompt's subject at a place; none when the prompt has no subject. */
export function drawSubject(brief: SceneBrief, place: SubjectPlace): Layer[] {
  if (brief.subject === undefined) return []
  const drawing = DRAWINGS[brief.subject]
  const colours = subjectColours(brief, drawing)
  const { x, y, size, mirrored, reflected = false } = place
  const scale = (size * drawing.scale) / 100
  const side = mirrored ? -scale : scale
  const rise = reflected ? -scale : scale
  return drawing.parts.map(([role, path]) => {
    const polygons = parsePath(path, (px, py) => [x + (px - 50) * side, y + (py - 100) * rise])
    return shape({ canvas: brief.canvas, polygons, colour: colours[role], opacity: reflected ? 0.28 : 1 })
  })
}

export interface SubjectGround {
  /** The land a subject can stand on, and the row of water it can lie in; what is absent is not there. */
  ground?: Outline
  water?: number
  /** Height in units. */
  size: number
}

/** A small island for whoever cannot swim. */
function islet(brief: SceneBrief, x: number, y: number, reach: number): Layer {
  const { canvas, palette, noise } = brief
  const outline = Float32Array.from({ length: canvas.width }, (_, column) => {
    const away = (column - x) / reach
    return y + reach * (0.16 * away ** 4 + 0.05 * noise(away * 3, 4) - 0.03)
  })
  const colour = mixColours(palette.near, palette.far, 0.25)
  return ridge({
    canvas,
    outline,
    crest: colour,
    foot: palette.near,
    depth: reach * 0.2,
    bottom: Math.round(y + reach * 0.16)
  })
}

/** A subject that lies in the water up to a row, and its reflection. */
function afloat(brief: SceneBrief, place: SubjectPlace): Layer[] {
  const waterline = Math.round(place.y)
  const draught = place.size * 0.07
  const body = drawSubject(brief, { ...place, y: waterline + draught })
  const reflection = drawSubject(brief, { ...place, y: waterline - draught, reflected: true })
  return [...reflection.map((layer) => below(layer, waterline)), ...body.map((layer) => above(layer, waterline))]
}

/** Puts the prompt's subject where it belongs in a scene: on land, in water or in the air. */
export function subjectOn(brief: SceneBrief, { ground, water, size }: SubjectGround): Layer[] {
  const { canvas, random, subject } = brief
  const x = canvas.width * random.between(0.36, 0.64)
  const mirrored = random.chance(0.5)
  if (subject === undefined) return []
  const { place, scale } = DRAWINGS[subject]
  const at = { x, size: size * canvas.unit, mirrored }
  const land = ground?.[Math.round(x)]
  if (place === 'air') return drawSubject(brief, { ...at, y: canvas.height * 0.16 + at.size * scale })
  if (place === 'water' && water !== undefined) return afloat(brief, { ...at, y: water })
  if (land !== undefined) return drawSubject(brief, { ...at, y: land + at.size * 0.04 })
  const y = water ?? canvas.height * 0.9
  return [islet(brief, x, y, at.size * 0.9), ...drawSubject(brief, { ...at, y })]
}
