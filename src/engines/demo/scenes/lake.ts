import { mixColours } from '../colour.ts'
import { birds } from '../layers/birds.ts'
import { water } from '../layers/water.ts'
import { subjectOn } from '../subjects/subject.ts'
import { heavens } from './heavens.ts'
import type { Scene } from './scene.ts'
import { hill, mistAt, mountainRange, snowLineOf } from './terrain.ts'

/** Still water that mirrors mountains and woods. */
export const lake: Scene = {
  tones: ['dawn', 'mist', 'day', 'autumn', 'sunset', 'night', 'winter'],
  layersOf(brief) {
    const { canvas, random, noise, palette, has } = brief
    const { unit, width, height } = canvas
    const horizon = Math.round(height * random.between(0.56, 0.64))
    const { layers, sun } = heavens(brief, { horizon, sunBetween: [0.3, 0.65], cloudiness: 0.7 })
    const frequency = random.between(1.6, 2.6)
    const snowLine = snowLineOf(brief)
    layers.push(
      mountainRange(brief, {
        base: horizon,
        height: random.between(0.28, 0.4),
        frequency,
        nearness: 0.15,
        sunX: sun.x,
        snowLine
      })
    )
    if (has('birds', 0.4)) {
      layers.push(
        birds({ canvas, random, colour: palette.near, count: random.whole(3, 7), x: width - sun.x, y: horizon * 0.35 })
      )
    }
    const wooded = has('trees', 0.9)
    for (const [index, nearness] of [0.4, 0.62].entries()) {
      const options = { base: horizon - unit * (0.045 - 0.03 * index), height: 0.07, frequency: 1.5, nearness }
      layers.push(
        ...hill(brief, { ...options, trees: wooded ? 0.035 + 0.02 * index : undefined, depth: unit * 0.09 }).layers
      )
    }
    layers.push(mistAt(brief, horizon, unit * 0.1, 0.5))
    const bank = hill(brief, {
      base: height - unit * 0.02,
      height: 0.07,
      frequency: 1.1,
      nearness: 1,
      trees: wooded ? random.between(0.16, 0.26) : undefined,
      depth: unit * 0.3,
      clearing: brief.subject !== undefined
    })
    return [
      ...layers,
      water({
        canvas,
        noise,
        horizon,
        bottom: height,
        mirrored: [...layers],
        tint: mixColours(palette.near, palette.sky[0] ?? palette.near, 0.5),
        depth: 0.42,
        ripple: 0.4,
        ...(sun.shown && { glitter: { x: sun.x, width: sun.radius * 1.4, colour: palette.light, strength: 0.45 } })
      }),
      ...subjectOn(brief, { ground: bank.outline, water: horizon + (height - horizon) * 0.5, size: 0.28 }),
      ...bank.layers
    ]
  }
}
