import { mixColours } from '../colour.ts'
import { outlineOf, ridge } from '../layers/ridge.ts'
import { skyline } from '../layers/skyline.ts'
import { water } from '../layers/water.ts'
import { subjectOn } from '../subjects/subject.ts'
import { heavens } from './heavens.ts'
import type { Scene } from './scene.ts'
import { landColour, mistAt } from './terrain.ts'

/** A skyline over water, windows lit. */
export const city: Scene = {
  tones: ['dusk', 'night', 'sunset', 'dusk', 'dawn', 'mist'],
  layersOf(brief) {
    const { canvas, random, noise, palette } = brief
    const { unit, height } = canvas
    const horizon = Math.round(height * random.between(0.68, 0.76))
    const { layers, sun } = heavens(brief, { horizon, sunBetween: [0.35, 0.75], cloudiness: 0.5 })
    const rows = 4
    for (let index = 0; index < rows; index++) {
      const share = index / (rows - 1)
      const wall = landColour(palette, 0.1 + 0.8 * share)
      layers.push(
        skyline({
          canvas,
          random,
          base: horizon,
          height: (0.54 - 0.27 * share) * random.between(0.85, 1.15),
          width: 0.06 + 0.035 * share,
          roof: wall,
          foot: mixColours(wall, palette.sky.at(-1) ?? wall, 0.35 * (1 - share) + 0.06),
          window: mixColours(palette.light, palette.accent, 0.25),
          lit: palette.night ? 0.16 + 0.3 * share : 0.04 + 0.22 * share
        })
      )
      if (share < 1) layers.push(mistAt(brief, horizon, unit * 0.3, 0.22))
    }
    const quay = outlineOf(canvas, horizon - unit * 0.012, () => 0)
    layers.push(ridge({ canvas, outline: quay, crest: palette.near, foot: palette.near, depth: unit, bottom: horizon }))
    const roofTop = outlineOf(canvas, height * 0.965, () => 0)
    const stage = ridge({ canvas, outline: roofTop, crest: palette.near, foot: palette.near, depth: unit })
    return [
      ...layers,
      water({
        canvas,
        noise,
        horizon,
        bottom: height,
        mirrored: [...layers],
        tint: mixColours(palette.near, palette.sky[1] ?? palette.near, 0.35),
        depth: 0.45,
        ripple: 0.75,
        ...(sun.shown && { glitter: { x: sun.x, width: sun.radius * 1.5, colour: palette.light, strength: 0.4 } })
      }),
      ...(brief.subject === undefined ? [] : [stage]),
      ...subjectOn(brief, { ground: roofTop, water: horizon + (height - horizon) * 0.6, size: 0.36 })
    ]
  }
}
