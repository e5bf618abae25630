import { ENGINE_PARAMETER_NAMES } from '../images/fields.ts'
import type { Feature, ImageTask } from '../images/image-request.ts'
import { spellLora } from '../images/lora-needs.ts'
import type { AssignedTask } from '../protocol/messages.ts'
import { varyByEdit } from '../images/vary-by-edit.ts'
import { fromTaskParameters } from '../protocol/task-parameters.ts'

/** What an engine gets of an assigned task: all parameters but those that are the agent's to deal with. */
export function toImageTask(
  assigned: AssignedTask,
  { model, inputs }: { model: string; inputs: ImageTask['inputs'] }
): ImageTask {
  const { kind, prompt, seed, seed_drawn, size_unasked, extra } = assigned
  const unasked = [...(seed_drawn ? ['seed'] : []), ...(size_unasked ? ['size'] : [])]
  const asked = fromTaskParameters(assigned)
  const parameters = Object.fromEntries(
    ENGINE_PARAMETER_NAMES.flatMap((name) => (name in asked ? [[name, asked[name]]] : []))
  )
  return { ...parameters, kind, model, prompt, seed, ...(unasked.length > 0 && { unasked }), inputs, extra }
}

/**
 * The task with LoRAs as the engine spells them, of those that callers may name: some servers know no other spelling, and say
 * nothing of what they do not know.
 */
export const withSpeltLoras = (task: ImageTask, listed: readonly string[]): ImageTask =>
  task.loras === undefined
    ? task
    : { ...task, loras: task.loras.map((lora) => ({ ...lora, name: spellLora(lora.name, listed) ?? lora.name })) }

/** The task as a model with these features can do it: what is made of it instead is told in warnings. */
export function asWhatIsOffered(
  task: ImageTask,
  features: readonly Feature[]
): { task: ImageTask; warnings: string[] } {
  if (task.kind !== 'variation' || features.includes('variation')) return { task, warnings: [] }
  const asEdit = varyByEdit(task)
  return { task: asEdit.task, warnings: [asEdit.warning] }
}
