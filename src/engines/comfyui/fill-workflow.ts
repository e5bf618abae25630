import type { ImageTask, Size } from '../../images/image-request.ts'
import { EngineError } from '../engine.ts'
import type { Graph, Plan } from './graph.ts'
import type { OwnWorkflow } from './own-workflow.ts'
import { readSampler } from './sampler-names.ts'

const LONGEST_TEXT = 20_000

export interface FilledWorkflow {
  plan: Plan
  /** Null when the workflow has no place for one. */
  seed: number | null
  warnings: string[]
}

/**
 * The owner's workflow with the values of a call in their places, and nothing else changed. `size` is absent where the
 * workflow's own is to stay; `files` are the names of uploaded images by place: `image`, `image2`, `mask`. Throws
 * `EngineError` where an image has no place.
 */
export function fillWorkflow(
  workflow: OwnWorkflow,
  { task, size, files }: { task: ImageTask; size: Size | undefined; files: ReadonlyMap<string, string> }
): FilledWorkflow {
  const graph: Graph = structuredClone(workflow.graph)
  const { places } = workflow
  const params: Record<string, string> = {}
  const warnings: string[] = []
  const set = (field: string, value: unknown, param = field): boolean => {
    for (const { node, input } of places.get(field) ?? []) {
      const { inputs } = graph[node] as Graph[string]
      inputs[input] = value
      params[`${node}.${input}`] = param
    }
    return places.has(field)
  }
  for (const [place, file] of files) {
    if (!set(place, file)) throw new EngineError('crashed', `The workflow of this model has no place for the ${place}.`)
  }
  const sampler = task.sampler === undefined ? undefined : readSampler(task.sampler)
  const values: Record<string, unknown> = {
    prompt: task.prompt,
    negative_prompt: task.negative_prompt,
    steps: task.steps,
    guidance_scale: task.guidance_scale,
    sampler: sampler?.sampler,
    strength: task.strength
  }
  if (task.loras) warnings.push("'loras' was not used: the workflow of this model loads its own.")
  const unasked = task.unasked ?? []
  for (const [field, value] of Object.entries(values)) {
    if (value === undefined || value === '' || set(field, value) || unasked.includes(field)) continue
    warnings.push(`'${field}' was not used: the workflow of this model has no place for it.`)
  }
  if (sampler?.scheduler !== undefined) set('scheduler', sampler.scheduler, 'sampler')
  if (size) {
    set('width', size.width, 'size')
    set('height', size.height, 'size')
  }
  warnings.push(...setExtras({ task, workflow, set }))
  return {
    plan: { graph, output: workflow.output, samplers: workflow.samplers, params },
    seed: set('seed', task.seed) ? task.seed : null,
    warnings
  }
}

/** Fields that are the workflow's own: they must be of the kind of what they replace. */
function setExtras(parts: {
  task: ImageTask
  workflow: OwnWorkflow
  set: (field: string, value: unknown) => boolean
}): string[] {
  const { task, workflow, set } = parts
  return Object.entries(task.extra).flatMap(([field, value]) => {
    const [place] = workflow.places.get(field) ?? []
    if (!place) return [`'${field.slice(0, 40)}' was not used: the workflow of this model has no place for it.`]
    const present = workflow.graph[place.node]?.inputs[place.input]
    const fits = typeof value === typeof present && ['string', 'number', 'boolean'].includes(typeof value)
    if (!fits || (typeof value === 'string' && value.length > LONGEST_TEXT)) {
      throw new EngineError('bad_request', `'${field}' must be a ${typeof present}.`, { param: field })
    }
    set(field, value)
    return []
  })
}
