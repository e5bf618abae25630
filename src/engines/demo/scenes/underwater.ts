import { mixColours } from '../colour.ts'
import { beams } from '../layers/beams.ts'
import { bubbles } from '../layers/bubbles.ts'
import { kelp } from '../layers/kelp.ts'
import { shape } from '../layers/shape.ts'
import { sky } from '../layers/sky.ts'
import { parsePath } from '../layers/svg-path.ts'
import { drawSubject } from '../subjects/subject.ts'
import type { Layer } from '../layer.ts'
import type { Scene, SceneBrief } from './scene.ts'
import { hill } from './terrain.ts'

const SMALL_FISH = 'M-10 0 Q-2 -6 6 -0.6 L11 -4 Q9.5 0 11 4 L6 0.6 Q-2 6 -10 0 Z'

function school({ canvas, random }: SceneBrief, colour: Parameters<typeof shape>[0]['colour']): Layer {
  const { unit, width, height } = canvas
  const [x, y] = [width * random.between(0.2, 0.8), height * random.between(0.2, 0.55)]
  const side = random.chance(0.5) ? 1 : -1
  const polygons = Array.from({ length: random.whole(9, 20) }, () => {
    const [fishX, fishY] = [x + unit * random.between(-0.2, 0.2), y + unit * random.between(-0.08, 0.08)]
    const size = unit * random.between(0.0012, 0.0024)
    return parsePath(SMALL_FISH, (px, py) => [fishX + px * size * side, fishY + py * size])
  }).flat()
  return shape({ canvas, polygons, colour, opacity: 0.75 })
}

/** Light falling through water onto weeds and sand. */
export const underwater: Scene = {
  tones: ['tropic', 'night', 'verdant'],
  layersOf(brief) {
    const { canvas, random, palette, has } = brief
    const { unit, width, height } = canvas
    const bright = mixColours(palette.sky[2] ?? palette.light, palette.light, 0.25)
    const deep = mixColours(palette.near, palette.sky[0] ?? palette.near, 0.35)
    const water = [bright, palette.sky[1] ?? palette.far, palette.sky[0] ?? palette.far, deep]
    const inWater = {
      ...brief,
      palette: {
        ...palette,
        sky: [mixColours(deep, palette.sky[0] ?? deep, 0.6)],
        far: mixColours(palette.far, deep, 0.45)
      }
    }
    const layers: Layer[] = [sky({ stops: water, horizon: height * 1.05, bottom: height })]
    const sunX = width * random.between(0.25, 0.75)
    const shafts = { canvas, random, x: sunX, y: -unit * 0.25, colour: palette.light }
    layers.push(beams({ ...shafts, strength: 0.75 }))
    const floors = 3
    for (let index = 0; index < floors; index++) {
      const share = index / (floors - 1)
      const made = hill(inWater, {
        base: height * (0.78 + 0.2 * share),
        height: 0.16 - 0.06 * share,
        frequency: 1.8 - 0.7 * share,
        nearness: 0.25 + 0.75 * share,
        depth: unit * 0.4
      })
      const weed = mixColours(inWater.palette.far, palette.near, 0.2 + 0.75 * share)
      if (has('birds', 0.9)) layers.push(school(brief, mixColours(weed, palette.light, 0.25 * (1 - share))))
      if (share === 1) {
        layers.push(
          ...drawSubject(brief, {
            x: width * random.between(0.42, 0.58),
            y: height * 0.68,
            size: unit * 0.36,
            mirrored: random.chance(0.5)
          })
        )
      }
      const tip = mixColours(weed, share === 1 ? palette.accent : bright, 0.3)
      layers.push(
        ...kelp({
          canvas,
          random,
          outline: made.outline,
          colour: weed,
          tip,
          height: 0.26 + 0.22 * share,
          count: Math.round((9 + 5 * share) * (width / unit))
        })
      )
      layers.push(...made.layers)
    }
    layers.push(
      bubbles({ canvas, random, colour: palette.light, count: random.whole(24, 44) }),
      beams({ ...shafts, strength: 0.18 })
    )
    return layers
  }
}
