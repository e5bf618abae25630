import { mixColours } from '../colour.ts'
import { birds } from '../layers/birds.ts'
import { ridge } from '../layers/ridge.ts'
import { water } from '../layers/water.ts'
import { subjectOn } from '../subjects/subject.ts'
import { heavens } from './heavens.ts'
import type { Scene } from './scene.ts'
import { hill, landColour, mistAt } from './terrain.ts'

/** The open sea with a low sun, islands far off. */
export const ocean: Scene = {
  tones: ['sunset', 'tropic', 'day', 'dawn', 'storm', 'dusk', 'night'],
  layersOf(brief) {
    const { canvas, random, noise, palette, has } = brief
    const { unit, width, height } = canvas
    const horizon = Math.round(height * random.between(0.5, 0.6))
    const { layers, soft, sun } = heavens(brief, { horizon, sunBetween: [0.62, 0.98], cloudiness: 0.9 })
    if (random.chance(0.7)) {
      const { outline } = hill(brief, {
        base: horizon,
        height: 0.12,
        frequency: 2.2,
        nearness: 0.3,
        depth: unit,
        octaves: 6
      })
      // Only what rises well above the sea is an island; the rest sinks below the horizon.
      const island = outline.map((edge) => edge + unit * 0.075)
      layers.push(
        ridge({
          canvas,
          outline: island,
          crest: landColour(palette, 0.3),
          foot: landColour(palette, 0.15),
          depth: unit * 0.08,
          bottom: horizon
        })
      )
    }
    layers.push(mistAt(brief, horizon, unit * 0.1, 0.45))
    if (has('birds', 0.6)) {
      layers.push(
        birds({ canvas, random, colour: palette.near, count: random.whole(3, 7), x: width - sun.x, y: horizon * 0.45 })
      )
    }
    const tint = mixColours(palette.near, palette.sky[1] ?? palette.far, 0.5)
    return [
      ...layers,
      water({
        canvas,
        noise,
        horizon,
        bottom: height,
        mirrored: soft,
        tint,
        depth: 0.62,
        ripple: 1,
        ...(sun.shown && { glitter: { x: sun.x, width: sun.radius * 2.2, colour: palette.light, strength: 0.85 } })
      }),
      ...subjectOn(brief, { water: horizon + (height - horizon) * 0.5, size: 0.34 })
    ]
  }
}
