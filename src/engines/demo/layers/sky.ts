import { gradient, type Rgb } from '../colour.ts'
import type { Layer } from '../layer.ts'

export interface SkyOptions {
  /** Top to bottom. */
  stops: readonly Rgb[]
  top?: number
  /** Row where the last colour is reached; it fills what is below. */
  horizon: number
  bottom: number
}

/** A vertical gradient; it covers whole rows, so it is the first layer of most scenes. */
export function sky({ stops, top = 0, horizon, bottom }: SkyOptions): Layer {
  const shades = 1024
  const colours = gradient(stops, shades)
  return {
    top,
    bottom,
    paintRow(row, y) {
      const place = Math.min(1, Math.max(0, (y + 0.5 - top) / Math.max(1, horizon - top))) * (shades - 1)
      const low = Math.min(shades - 2, Math.floor(place))
      const share = place - low
      const at = low * 3
      const channel = (index: number) =>
        (colours[at + index] as number) * (1 - share) + (colours[at + 3 + index] as number) * share
      const [r, g, b] = [channel(0), channel(1), channel(2)]
      for (let index = 0; index < row.length; index += 3) {
        row[index] = r
        row[index + 1] = g
        row[index + 2] = b
      }
    }
  }
}
