import type { PaintJob } from './picture.ts'

/** A part of a picture, in pixels; right and bottom are the first not included. */
export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

/** The smallest box around what the mask wants changed at least by half; undefined when that is nothing. */
export function changedBox({ mask, width, height }: PaintJob): Box | undefined {
  if (mask === undefined) return { left: 0, top: 0, right: width, bottom: height }
  const box = { left: width, top: height, right: 0, bottom: 0 }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((mask[y * width + x] as number) < 128) continue
      box.left = Math.min(box.left, x)
      box.right = Math.max(box.right, x + 1)
      box.top = Math.min(box.top, y)
      box.bottom = y + 1
    }
  }
  return box.right > box.left ? box : undefined
}
