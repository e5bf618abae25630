import type { ImageTask, Size } from '../images/image-request.ts'
import { fitWithin, type SizeRules } from '../images/sizes.ts'

/** The size that is asked of an image server, and whether the caller chose it. */
export interface ChosenSize {
  size: Size
  isCallers: boolean
}

/** Whether the caller named a size; one that the gateway filled in does not count. */
export const isSizeAsked = (task: Pick<ImageTask, 'size' | 'unasked'>): boolean =>
  task.size !== undefined && !task.unasked?.includes('size')

/**
 * The caller's size in the steps that the model takes, however large; else the first image's as far as the rules go, or the
 * `usual` one of the model.
 */
export function chooseSize(task: ImageTask, { usual, rules }: { usual: Size; rules: SizeRules }): ChosenSize {
  const isCallers = isSizeAsked(task)
  const maxPixels = isCallers ? Infinity : rules.maxPixels
  return { size: fitWithin(task.size ?? task.inputs[0] ?? usual, { ...rules, maxPixels }), isCallers }
}
