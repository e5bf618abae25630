import { lighten, mixColours } from '../colour.ts'
import { celestial } from '../layers/celestial.ts'
import { clouds } from '../layers/clouds.ts'
import { sky } from '../layers/sky.ts'
import { stars } from '../layers/stars.ts'
import type { Layer } from '../layer.ts'
import type { SceneBrief } from './scene.ts'

export interface HeavensOptions {
  /** Row where the sky ends. */
  horizon: number
  /** Range of heights for the sun, as shares of the way from the top to the horizon. */
  sunBetween?: readonly [number, number]
  /** Chance of clouds. */
  cloudiness?: number
}

export interface Heavens {
  layers: Layer[]
  /** The part of it that rough water still mirrors: colours and glow, no discs and points. */
  soft: Layer[]
  /** Where the light comes from, in pixels. */
  sun: { x: number; y: number; radius: number; shown: boolean }
}

/** Sky, stars, sun or moon, and clouds: the upper part of every scene out of doors. */
export function heavens(
  brief: SceneBrief,
  { horizon, sunBetween = [0.35, 0.8], cloudiness = 0.6 }: HeavensOptions
): Heavens {
  const { canvas, random, noise, palette, has } = brief
  const { unit, width } = canvas
  const night = palette.night || has('stars', 0)
  const moon = night || has('moon', 0)
  const shown = has(moon ? 'moon' : 'sun', 0.88)
  const side = random.chance(0.5) ? random.between(0.2, 0.42) : random.between(0.58, 0.8)
  const reach = moon ? 0.45 : 1
  const sun = {
    x: width * side,
    y: horizon * random.between(sunBetween[0] * reach, sunBetween[1] * reach),
    radius: unit * (moon ? random.between(0.035, 0.06) : random.between(0.045, 0.1)),
    shown
  }
  const horizonColour = palette.sky.at(-1) ?? palette.light
  const backdrop = sky({ stops: palette.sky, horizon, bottom: canvas.height })
  const layers: Layer[] = [backdrop]
  const soft: Layer[] = [backdrop]
  if (night && has('stars', 1)) {
    layers.push(stars({ canvas, random, colour: lighten(palette.light, 0.05), bottom: horizon, density: 520 }))
  }
  if (shown) {
    const glow = moon ? mixColours(palette.light, horizonColour, 0.5) : mixColours(palette.light, horizonColour, 0.25)
    const disc = { canvas, x: sun.x, y: sun.y, radius: sun.radius, colour: palette.light, glow }
    const light = celestial(moon ? { ...disc, brightness: 0.55, craters: noise } : { ...disc, brightness: 0.8 })
    layers.push(light.glow, light.disc)
    soft.push(light.glow)
  }
  if (has('clouds', cloudiness)) {
    const drifting = clouds({
      canvas,
      noise,
      random,
      top: 0,
      bottom: Math.round(horizon),
      cover: random.between(0.3, 0.75),
      stretch: random.between(2.2, 4.5),
      lit: mixColours(horizonColour, palette.light, 0.55),
      shaded: mixColours(palette.sky[1] ?? horizonColour, palette.far, 0.4),
      opacity: night ? 0.3 : random.between(0.5, 0.8)
    })
    layers.push(drifting)
    soft.push(drifting)
  }
  return { layers, soft, sun }
}
