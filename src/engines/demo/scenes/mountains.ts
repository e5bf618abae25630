import { birds } from '../layers/birds.ts'
import { subjectOn } from '../subjects/subject.ts'
import { heavens } from './heavens.ts'
import type { Scene } from './scene.ts'
import { hill, mistAt, mountainRange, snowLineOf } from './terrain.ts'

/** Ranges behind ranges, wooded hills before them. */
export const mountains: Scene = {
  tones: ['dawn', 'sunset', 'day', 'mist', 'winter', 'night', 'dusk'],
  layersOf(brief) {
    const { canvas, random, palette, has } = brief
    const { unit, height } = canvas
    const horizon = height * random.between(0.56, 0.66)
    const { layers, sun } = heavens(brief, { horizon, sunBetween: [0.3, 0.72] })
    const frequency = random.between(1.6, 2.8)
    const snowLine = snowLineOf(brief)
    layers.push(
      mountainRange(brief, {
        base: horizon,
        height: random.between(0.34, 0.46),
        frequency,
        nearness: 0.12,
        sunX: sun.x,
        snowLine
      }),
      mountainRange(brief, {
        base: horizon + unit * 0.08,
        height: 0.28,
        frequency: frequency * 1.5,
        nearness: 0.34,
        sunX: sun.x,
        snowLine
      })
    )
    if (has('birds', 0.5)) {
      const flock = { x: canvas.width - sun.x, y: horizon * random.between(0.3, 0.5), count: random.whole(4, 9) }
      layers.push(birds({ canvas, random, colour: palette.near, ...flock }))
    }
    const wooded = has('trees', 0.85)
    const hills = random.whole(3, 4)
    for (let index = 0; index < hills; index++) {
      const share = index / (hills - 1)
      const base = horizon + unit * 0.06 + (height - horizon - unit * 0.1) * share ** 1.2
      const made = hill(brief, {
        base,
        height: 0.1 + 0.06 * share,
        frequency: 1.6 - share * 0.5,
        nearness: 0.5 + share * 0.5,
        trees: wooded ? 0.035 + 0.13 * share ** 2 : undefined,
        depth: (height - horizon) * 0.55,
        clearing: share === 1 && brief.subject !== undefined
      })
      layers.push(mistAt(brief, base, (height - horizon) * 0.5, 0.4 * (1 - share)))
      if (share === 1) layers.push(...subjectOn(brief, { ground: made.outline, size: 0.26 }))
      layers.push(...made.layers)
    }
    return layers
  }
}
