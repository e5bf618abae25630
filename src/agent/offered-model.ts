import type { AgentModelConfig } from '../config/agent-config.ts'
import { EngineError } from '../engines/engine.ts'
import { canDo, neededFeatures } from '../images/image-request.ts'
import type { AssignedTask } from '../protocol/messages.ts'
import { fromTaskParameters } from '../protocol/task-parameters.ts'
import type { AgentService } from './agent-services.ts'

/**
 * The model as the agent's own file has it. A gateway that asks for another one, or for a kind of call that the file does
 * not offer, gets nothing out of the image server. Throws `model_missing`.
 */
export function offeredModel(
  { config }: AgentService,
  { model: id, task }: { model: string; task: AssignedTask }
): AgentModelConfig {
  const model = config.models.find((one) => one.id === id)
  if (!model) throw new EngineError('model_missing', 'The service does not offer this model.')
  const inputs = task.inputs.map(({ name }) => ({ kind: name === 'mask' ? ('mask' as const) : ('input' as const) }))
  if (!canDo(model.features, neededFeatures({ kind: task.kind, inputs, parameters: fromTaskParameters(task) }))) {
    throw new EngineError('model_missing', 'The service does not offer this kind of call for this model.')
  }
  return model
}
