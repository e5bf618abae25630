import type { ImageTask } from './image-request.ts'

const PROMPT = 'A variation of this image'
/** Half of the image is made anew, as image servers do it that have variations. */
const STRENGTH = 0.5

/**
 * What a variation becomes where there are only edits: an image-to-image pass, told in a warning. The caller's prompt
 * and strength stay; a strength of ours is marked as unasked, so that an image server may do without it.
 */
export function varyByEdit(task: ImageTask): { task: ImageTask; warning: string } {
  const unasked = [...(task.unasked ?? []), ...(task.strength === undefined ? ['strength'] : [])]
  return {
    task: { ...task, kind: 'edit', prompt: task.prompt || PROMPT, strength: task.strength ?? STRENGTH, unasked },
    warning: 'This model has no variations of its own: an image-to-image pass was made instead.'
  }
}
