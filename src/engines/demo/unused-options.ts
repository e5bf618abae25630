import { ENGINE_PARAMETER_NAMES, type EngineParameterName } from '../../images/fields.ts'
import type { ImageTask } from '../../images/image-request.ts'

/** More steps than this show nothing new. */
export const MOST_STEPS = 150

/** What the painter does, and what it need not do: nothing that it paints has to be moderated. */
const HONOURED: readonly EngineParameterName[] = [
  'size',
  'seed',
  'negative_prompt',
  'steps',
  'strength',
  'output_format',
  'output_compression',
  'background',
  'moderation'
]

/** One sentence for each thing a task asks for that the painter does not do. */
export function unusedOptions(task: ImageTask): string[] {
  const { strength, steps, background, output_format } = task
  const isMissed = (name: EngineParameterName) =>
    task[name] !== undefined && task[name] !== 'auto' && !HONOURED.includes(name)
  const unknown = [...ENGINE_PARAMETER_NAMES.filter(isMissed), ...Object.keys(task.extra)]
  const warnings = unknown.map((name) => `The demo painter has no '${name}'; it was not used.`)
  if (steps !== undefined && steps > MOST_STEPS) {
    warnings.push(`The demo painter takes at most ${MOST_STEPS} steps; 'steps' was lowered to that.`)
  }
  if (strength !== undefined && task.inputs.length === 0) {
    warnings.push(`'strength' has no meaning without an input image; it was not used.`)
  }
  if (background === 'transparent' && output_format === 'jpeg') {
    warnings.push(`A jpeg cannot be transparent; 'background' was not used.`)
  }
  return warnings
}
