import { fromOklch, lighten, mixColours, toOklch } from '../colour.ts'
import { curtain } from '../layers/curtain.ts'
import { sky } from '../layers/sky.ts'
import { stars } from '../layers/stars.ts'
import { water } from '../layers/water.ts'
import { subjectOn } from '../subjects/subject.ts'
import type { Scene } from './scene.ts'
import { hill, mistAt, mountainRange, snowLineOf } from './terrain.ts'

/** Northern lights over snow and water. */
export const aurora: Scene = {
  tones: ['night'],
  layersOf(brief) {
    const { canvas, random, noise, palette, has, permitted } = brief
    const { unit, height } = canvas
    const horizon = Math.round(height * random.between(0.64, 0.74))
    const dark = palette.sky.map((colour) => {
      const polar = toOklch(colour)
      return fromOklch({
        ...polar,
        lightness: polar.lightness * (palette.night ? 0.85 : 0.45),
        chroma: polar.chroma * 0.8
      })
    })
    const layers = [sky({ stops: dark, horizon: horizon * 1.1, bottom: height })]
    if (has('stars', 1))
      layers.push(stars({ canvas, random, colour: lighten(palette.light, 0.05), bottom: horizon, density: 700 }))
    const hue = random.pick([2.5, 2.7, 2.9]) + random.between(-0.15, 0.15)
    const count = random.whole(2, 4)
    for (let index = 0; index < count; index++) {
      const low = permitted(fromOklch({ lightness: 0.84, chroma: 0.2, hue: hue + index * 0.12 }))
      const high = permitted(fromOklch({ lightness: 0.52, chroma: 0.2, hue: hue + random.between(1.9, 3) }))
      const base = horizon * (0.5 + (0.4 * index) / count)
      layers.push(
        curtain({
          canvas,
          random,
          noise,
          base,
          height: random.between(0.32, 0.55),
          low,
          high,
          strength: 1.15 - index * 0.2
        })
      )
    }
    const nightly = { ...brief, palette: { ...palette, sky: dark, far: mixColours(palette.far, palette.near, 0.35) } }
    const snowLine = snowLineOf(brief)
    layers.push(
      mountainRange(nightly, {
        base: horizon,
        height: random.between(0.16, 0.26),
        frequency: random.between(2, 3),
        nearness: 0.3,
        sunX: 0,
        snowLine
      })
    )
    const wooded = has('trees', 0.9) ? 0.05 : undefined
    layers.push(
      ...hill(nightly, {
        base: horizon - unit * 0.02,
        height: 0.05,
        frequency: 1.4,
        nearness: 0.75,
        trees: wooded,
        depth: unit * 0.1
      }).layers
    )
    layers.push(mistAt(nightly, horizon, unit * 0.06, 0.3))
    const bank = hill(nightly, {
      base: height,
      height: 0.06,
      frequency: 1,
      nearness: 1,
      trees: wooded && 0.2,
      depth: unit * 0.4,
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
        tint: palette.near,
        depth: 0.3,
        ripple: 0.35
      }),
      ...subjectOn(nightly, { ground: bank.outline, water: horizon + (height - horizon) * 0.45, size: 0.24 }),
      ...bank.layers
    ]
  }
}
