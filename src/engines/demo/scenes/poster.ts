import { lighten, mixColours } from '../colour.ts'
import { mosaic } from '../layers/mosaic.ts'
import { emblem } from '../subjects/emblem.ts'
import type { Scene } from './scene.ts'

/** A mosaic of plain figures, as posters of the 1920s liked them. */
export const poster: Scene = {
  tones: ['sunset', 'desert', 'tropic', 'autumn', 'day', 'dusk'],
  layersOf(brief) {
    const { canvas, random, palette } = brief
    const pale = lighten(mixColours(palette.sky.at(-1) ?? palette.light, palette.light, 0.4), 0.02)
    const [, second = palette.far, third = palette.far] = palette.sky
    return [
      mosaic({
        canvas,
        random,
        colours: [pale, palette.accent, palette.near, second, third, pale, palette.far],
        across: random.whole(3, 6)
      }),
      ...emblem(brief)
    ]
  }
}
