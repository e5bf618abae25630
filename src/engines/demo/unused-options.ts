import type { ImageTask } from '../../images/image-request.ts'

/** More steps than this show nothing new. */
export const MOST_STEPS = 150

/** One sentence for each thing a task asks for that the painter does not do. */
export function unusedOptions(task: ImageTask): string[] {
  const { sampler, guidanceScale, quality, style, strength, steps, background, outputFormat } = task
  const unknown = [
    ...(sampler === undefined ? [] : ['sampler']),
    ...(guidanceScale === undefined ? [] : ['guidance_scale']),
    ...(quality === undefined || quality === 'auto' ? [] : ['quality']),
    ...(style === undefined ? [] : ['style']),
    ...Object.keys(task.extra)
  ]
  const warnings = unknown.map((name) => `The demo painter has no '${name}'; it was not used.`)
  if (steps !== undefined && steps > MOST_STEPS) {
    warnings.push(`The demo painter takes at most ${MOST_STEPS} steps; 'steps' was lowered to that.`)
  }
  if (strength !== undefined && task.inputs.length === 0) {
    warnings.push(`'strength' has no meaning without an input image; it was not used.`)
  }
  if (background === 'transparent' && outputFormat === 'jpeg') {
    warnings.push(`A jpeg cannot be transparent; 'background' was not used.`)
  }
  return warnings
}
