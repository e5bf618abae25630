import { mixColours } from '../colour.ts'
import { flow } from '../layers/flow.ts'
import { emblem } from '../subjects/emblem.ts'
import type { Scene } from './scene.ts'

/** Abstract folds of colour. */
export const silk: Scene = {
  tones: ['dusk', 'sunset', 'tropic', 'dawn', 'night', 'desert', 'verdant'],
  layersOf(brief) {
    const { canvas, random, noise, palette } = brief
    const colours = [palette.near, palette.sky[0], palette.sky[1], palette.sky[2], palette.accent, palette.sky.at(-1)]
    const present = colours.filter((colour) => colour !== undefined)
    const light = mixColours(palette.light, palette.sky.at(-1) ?? palette.light, 0.2)
    return [flow({ canvas, random, noise, colours: present, light, folds: random.between(0.9, 1.6) }), ...emblem(brief)]
  }
}
