import { fromOklch, lighten, mixColours, toOklch } from '../colour.ts'
import { nebula } from '../layers/nebula.ts'
import { planet } from '../layers/planet.ts'
import { sky } from '../layers/sky.ts'
import { stars } from '../layers/stars.ts'
import { drawSubject } from '../subjects/subject.ts'
import type { Scene } from './scene.ts'

/** Planets before a nebula. */
export const space: Scene = {
  tones: ['night', 'dusk', 'sunset', 'tropic'],
  layersOf(brief) {
    const { canvas, random, noise, palette, has } = brief
    const { unit, width, height } = canvas
    const dark = palette.sky.map((colour) => {
      const polar = toOklch(colour)
      return fromOklch({ ...polar, lightness: 0.1 + 0.16 * polar.lightness, chroma: Math.min(0.07, polar.chroma) })
    })
    const layers = [sky({ stops: dark, horizon: height, bottom: height })]
    const glow = [
      palette.sky[1] ?? palette.far,
      palette.sky[2] ?? palette.far,
      palette.sky[3] ?? palette.light,
      palette.light
    ]
    layers.push(nebula({ canvas, random, noise, colours: glow, strength: random.between(0.6, 0.95) }))
    if (has('stars', 1)) {
      layers.push(stars({ canvas, random, colour: lighten(palette.light, 0.04), bottom: height * 1.35, density: 900 }))
    }
    const sunAngle = random.between(-2.6, -0.5)
    const side = random.chance(0.5) ? 1 : -1
    const large = {
      x: width / 2 + side * width * random.between(0.02, 0.2),
      y: height * random.between(0.5, 0.66),
      radius: unit * random.between(0.19, 0.3)
    }
    const hues = [palette.far, palette.sky[2] ?? palette.far, palette.accent, palette.sky.at(-1) ?? palette.light]
    const turned = [palette.near, palette.accent, palette.light, palette.far]
    layers.push(
      planet({
        canvas,
        noise,
        x: width / 2 - side * width * random.between(0.24, 0.36),
        y: height * random.between(0.16, 0.32),
        radius: unit * random.between(0.05, 0.1),
        colours: turned,
        air: mixColours(palette.light, palette.accent, 0.4),
        banded: random.chance(0.4),
        sunAngle,
        ring: false,
        shift: random.between(0, 99)
      }),
      planet({
        canvas,
        noise,
        ...large,
        colours: hues,
        air: mixColours(palette.light, palette.sky[2] ?? palette.light, 0.35),
        banded: random.chance(0.6),
        sunAngle,
        ring: random.chance(0.55),
        shift: random.between(0, 99)
      })
    )
    if (random.chance(0.6)) {
      layers.push(
        planet({
          canvas,
          noise,
          x: large.x + large.radius * random.between(-1.2, 1.2),
          y: large.y + large.radius * random.between(1, 1.25),
          radius: unit * random.between(0.018, 0.04),
          colours: [palette.far, palette.light],
          air: palette.light,
          banded: false,
          sunAngle,
          ring: false,
          shift: random.between(0, 99)
        })
      )
    }
    const place = { x: width / 2 - side * width * 0.12, y: height * 0.72, size: unit * 0.38, mirrored: side > 0 }
    return [...layers, ...drawSubject(brief, place)]
  }
}
