import { mixColours } from '../colour.ts'
import { birds } from '../layers/birds.ts'
import { dune } from '../layers/dune.ts'
import type { Layer } from '../layer.ts'
import { subjectOn } from '../subjects/subject.ts'
import { heavens } from './heavens.ts'
import type { Scene } from './scene.ts'
import { landColour, mistAt } from './terrain.ts'

/** Dunes with sharp crests, lit on one side. */
export const dunes: Scene = {
  tones: ['desert', 'sunset', 'desert', 'dusk', 'dawn', 'desert'],
  layersOf(brief) {
    const { canvas, random, noise, palette, has } = brief
    const { unit, width, height } = canvas
    const horizon = height * random.between(0.5, 0.6)
    const { layers, sun } = heavens(brief, { horizon, sunBetween: [0.35, 0.85], cloudiness: 0.35 })
    if (has('birds', 0.35)) {
      const flock = { count: random.whole(3, 6), x: width - sun.x, y: horizon * 0.5 }
      layers.push(birds({ canvas, random, colour: palette.near, ...flock }))
    }
    const count = random.whole(4, 5)
    const rows = Array.from({ length: count }, (_, index): Layer[] => {
      const share = index / (count - 1)
      const base = horizon + unit * 0.05 + (height - horizon) * 0.72 * share ** 1.15
      const colour = landColour(palette, 0.12 + 0.5 * share)
      const { layer, outline } = dune({
        canvas,
        random,
        noise,
        base,
        height: 0.08 + 0.1 * share,
        length: 0.7 + 0.6 * share,
        lit: mixColours(colour, palette.light, 0.38 - 0.16 * share),
        shaded: mixColours(colour, palette.near, 0.3 + 0.35 * share),
        lightFrom: sun.x < width / 2 ? -1 : 1,
        bottom: share === 1 ? height : Math.min(height, Math.ceil(base + (height - horizon) * 0.6))
      })
      if (share === 1) return [...subjectOn(brief, { ground: outline, size: 0.26 }), layer]
      return [layer, mistAt(brief, base + unit * 0.04, unit * 0.12, Math.max(0, 0.35 * (0.9 - share)))]
    })
    return [...layers, ...rows.flat()]
  }
}
