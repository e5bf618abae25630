/** The measures of a picture. Scenes are laid out in fractions of them, so that every size shows the same picture. */
export interface Canvas {
  /** Pixels. */
  width: number
  height: number
  /** The length features are measured in, in pixels: the shorter side. */
  unit: number
}

/**
 * One thing in a picture. Pictures are painted row by row, back layer first: a picture of 4096² never needs more
 * than a row of floats, and water mirrors what is above it by asking for that row again. Rows may therefore be asked
 * for in any order and more than once.
 */
export interface Layer {
  /** First row touched. */
  readonly top: number
  /** First row below that is not touched any more. */
  readonly bottom: number
  /** Paints over `row`: width × 3 floats, sRGB-encoded red, green, blue, 0 … 1 (lights may exceed it a little). */
  paintRow(row: Float32Array, y: number): void
}

/** The part of a layer above a row. */
export const above = (layer: Layer, bottom: number): Layer => ({ ...layer, bottom: Math.min(layer.bottom, bottom) })

/** The part of a layer from a row on. */
export const below = (layer: Layer, top: number): Layer => ({ ...layer, top: Math.max(layer.top, top) })

export const canvasOf = (width: number, height: number): Canvas => ({ width, height, unit: Math.min(width, height) })

export function paintLayers(layers: readonly Layer[], row: Float32Array, y: number): void {
  for (const layer of layers) if (y >= layer.top && y < layer.bottom) layer.paintRow(row, y)
}
