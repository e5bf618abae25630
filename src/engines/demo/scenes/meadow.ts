import { hex, mixColours, type Rgb } from '../colour.ts'
import { birds } from '../layers/birds.ts'
import { blossoms } from '../layers/blossoms.ts'
import { outlineOf, ridge, type Outline } from '../layers/ridge.ts'
import { shape } from '../layers/shape.ts'
import { parsePath } from '../layers/svg-path.ts'
import type { Layer } from '../layer.ts'
import { ellipse } from '../subjects/drawing.ts'
import { subjectOn } from '../subjects/subject.ts'
import { heavens } from './heavens.ts'
import type { Scene, SceneBrief } from './scene.ts'
import { landColour, mistAt } from './terrain.ts'

/** Round trees scattered over a hill. */
function copse({ canvas, random }: SceneBrief, outline: Outline, colour: Rgb, size: number): Layer[] {
  const { unit, width } = canvas
  const count = Math.round(random.between(4, 9) * (width / unit))
  const clumps = [random.next(), random.next()]
  return Array.from({ length: count }, (_, index) => {
    const x = ((clumps[index % 2] as number) + random.between(-0.14, 0.14)) * width
    const foot = outline[Math.min(width - 1, Math.max(0, Math.round(x)))] as number
    const scale = (unit * size * random.between(0.6, 1.2)) / 100
    const slender = random.between(0.5, 0.95)
    const path = `${ellipse(50, 44, 46 * slender, 46)} M47 80 L53 80 L55 106 L45 106 Z`
    const polygons = parsePath(path, (px, py) => [x + (px - 50) * scale, foot + (py - 100) * scale])
    return shape({ canvas, polygons, colour: mixColours(colour, [1, 1, 1], 0.06), lower: colour })
  })
}

/** Rolling hills in bloom. */
export const meadow: Scene = {
  tones: ['verdant', 'day', 'dawn', 'sunset', 'autumn'],
  layersOf(brief) {
    const { canvas, random, noise, palette, has, permitted } = brief
    const { unit, width, height } = canvas
    const horizon = height * random.between(0.5, 0.6)
    const { layers, sun } = heavens(brief, { horizon, sunBetween: [0.3, 0.85], cloudiness: 0.85 })
    if (has('birds', 0.5)) {
      layers.push(
        birds({ canvas, random, colour: palette.near, count: random.whole(3, 7), x: width - sun.x, y: horizon * 0.4 })
      )
    }
    const hills = random.whole(4, 5)
    const wooded = has('trees', 0.85)
    const snowy = has('snow', 0)
    const cover = snowy ? mixColours(palette.light, palette.sky.at(-1) ?? palette.light, 0.2) : hex('86b84a')
    const grass = permitted(mixColours(cover, palette.far, snowy ? 0.12 : 0.35))
    let ground = outlineOf(canvas, height, () => 0)
    for (let index = 0; index < hills; index++) {
      const share = index / (hills - 1)
      const shift = random.between(0, 200)
      const base = horizon + (height - horizon) * 0.62 * share ** 1.1
      const outline = outlineOf(
        canvas,
        base,
        (x) => 0.03 + (0.13 - 0.05 * share) * noise(x * (1.5 - share * 0.7) + shift, shift)
      )
      const covered = snowy ? 0.6 + 0.3 * share : 0.34 + 0.36 * share
      const crest = mixColours(landColour(palette, 0.1 + 0.6 * share), grass, covered)
      const lit = mixColours(crest, palette.light, 0.22 * (1 - share * 0.5))
      if (wooded && share < 1) {
        layers.push(...copse(brief, outline, mixColours(crest, palette.near, 0.3 + 0.15 * share), 0.03 + 0.055 * share))
      }
      layers.push(
        ridge({
          canvas,
          outline,
          crest: lit,
          foot: mixColours(crest, palette.near, (0.25 + 0.3 * share) * (snowy ? 0.35 : 1)),
          depth: unit * (0.2 + 0.2 * share)
        })
      )
      if (share < 0.6) layers.push(mistAt(brief, base + unit * 0.05, unit * 0.1, 0.3))
      ground = outline
    }
    const petals: [Rgb, ...Rgb[]] = [
      palette.accent,
      mixColours(palette.accent, palette.light, 0.5),
      palette.light,
      palette.sky[2] ?? palette.light
    ]
    if (snowy) return [...layers, ...subjectOn(brief, { ground: ground.map((edge) => edge + unit * 0.07), size: 0.36 })]
    const field = { canvas, random, outline: ground, colours: petals }
    return [
      ...layers,
      blossoms({ ...field, bottom: height, small: 0.006, large: 0.03, density: 900 }),
      ...subjectOn(brief, { ground: ground.map((edge) => edge + unit * 0.07), size: 0.36 }),
      blossoms({
        ...field,
        outline: ground.map((edge) => Math.max(edge, height - unit * 0.1)),
        bottom: height * 1.02,
        small: 0.028,
        large: 0.05,
        density: 330
      })
    ]
  }
}
