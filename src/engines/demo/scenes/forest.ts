import { mixColours } from '../colour.ts'
import { beams } from '../layers/beams.ts'
import { birds } from '../layers/birds.ts'
import { conifers } from '../layers/conifers.ts'
import { outlineOf, ridge } from '../layers/ridge.ts'
import { subjectOn } from '../subjects/subject.ts'
import { heavens } from './heavens.ts'
import type { Scene } from './scene.ts'
import { landColour, mistAt } from './terrain.ts'

/** Rows of firs stepping forward out of the mist. */
export const forest: Scene = {
  tones: ['verdant', 'mist', 'autumn', 'dawn', 'winter', 'dusk'],
  layersOf(brief) {
    const { canvas, random, noise, palette, has } = brief
    const { unit, width, height } = canvas
    const horizon = height * random.between(0.62, 0.72)
    const { layers, sun } = heavens(brief, { horizon, sunBetween: [0.25, 0.55], cloudiness: 0.25 })
    if (has('birds', 0.5)) {
      layers.push(
        birds({ canvas, random, colour: palette.near, count: random.whole(3, 8), x: width - sun.x, y: horizon * 0.3 })
      )
    }
    const rows = random.whole(5, 6)
    let ground = outlineOf(canvas, height, () => 0)
    for (let index = 0; index < rows; index++) {
      const share = index / (rows - 1)
      const shift = random.between(0, 200)
      const base = horizon - unit * 0.1 + (height - horizon + unit * 0.06) * share ** 1.1
      const outline = outlineOf(
        canvas,
        base,
        (x) => 0.05 + 0.12 * (1 - share * 0.4) * noise(x * (1.7 - share * 0.6) + shift, shift)
      )
      const nearness = 0.12 + 0.88 * share
      const crest = landColour(palette, nearness)
      const foot = landColour(palette, Math.max(0, nearness - 0.35))
      const tall = 0.09 + 0.36 * share ** 1.6
      // The last row leaves a clearing in the middle for whoever stands there.
      const clearings = share === 1 ? (x: number) => Math.abs((x * unit) / width - 0.5) * 3.2 - 0.5 : undefined
      const stand = { canvas, outline, random, height: tall, density: 2.2 / tall, colour: crest, foot }
      layers.push(conifers(clearings === undefined ? stand : { ...stand, clearings }))
      layers.push(ridge({ canvas, outline, crest, foot, depth: (height - horizon) * 0.5 }))
      if (share < 1) layers.push(mistAt(brief, base + unit * 0.06, unit * 0.22, 0.55 * (1 - share)))
      if (index === rows - 2 && sun.shown && !palette.night) {
        layers.push(
          beams({
            canvas,
            random,
            x: sun.x,
            y: sun.y,
            colour: mixColours(palette.light, palette.sky.at(-1) ?? palette.light, 0.3),
            strength: 0.3
          })
        )
      }
      ground = outline
    }
    return [...layers, ...subjectOn(brief, { ground, size: 0.3 })]
  }
}
