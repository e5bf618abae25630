import type { ImageTask, Size } from '../../images/image-request.ts'
import { EngineError } from '../engine.ts'
import { takeTags } from '../prompt-tags.ts'
import { buildGraph, type Recipe, type Wish } from './build-graph.ts'
import type { Plan } from './graph.ts'
import { chooseLoras } from './loras.ts'
import type { ModelSettings } from './model-settings.ts'
import { readSampler } from './sampler-names.ts'
import type { NodeClass } from './server-nodes.ts'

/** How much of an edit's image is made anew when the caller does not say: a masked area wholly, else so much that it shows. */
const USUAL_STRENGTH = 0.75
const MOST_STEPS = 1000
const MOST_GUIDANCE = 100

export interface PlannedImage {
  plan: Plan
  warnings: string[]
}

/** The plan of one of the graphs of our own. `sampling` is the server's sampler, which says what it knows. */
export function planBuiltIn(
  { model, recipe, sampling }: { model: ModelSettings; recipe: Recipe; sampling: NodeClass | undefined },
  { task, size, image, mask }: { task: ImageTask; size: Size; image: string | undefined; mask: string | undefined }
): PlannedImage {
  const { family } = recipe
  const warnings: string[] = []
  const guidance = number(task.guidance_scale ?? task.extra.cfg_scale, MOST_GUIDANCE) ?? model.guidanceScale
  const isDistilled = family.distilledGuidance !== undefined
  const cfg = isDistilled ? family.cfg : (guidance ?? family.cfg)
  if (cfg <= 1 && task.negative_prompt && !task.unasked?.includes('negative_prompt')) {
    warnings.push("'negative_prompt' was not used: this model works without.")
  }
  const tags = takeTags(task.prompt, [...model.loras.keys()])
  const loras = chooseLoras({ named: [...(task.loras ?? []), task.extra.lora], inPrompt: tags.loras }, model.loras)
  const sampler = chooseSampler({ task, model, recipe, sampling })
  const wish: Wish = {
    prompt: tags.text,
    negativePrompt: task.negative_prompt ?? '',
    seed: task.seed,
    steps: Math.min(MOST_STEPS, Math.max(1, Math.round(task.steps ?? model.steps ?? family.steps))),
    cfg,
    ...(isDistilled && { distilledGuidance: guidance ?? family.distilledGuidance }),
    ...{ sampler: sampler.sampler, scheduler: sampler.scheduler },
    denoise:
      image === undefined ? 1 : Math.min(1, Math.max(0, task.strength ?? (mask === undefined ? USUAL_STRENGTH : 1))),
    size,
    loras: loras.chosen,
    ...(image !== undefined && { image }),
    ...(mask !== undefined && { mask })
  }
  return {
    plan: buildGraph(recipe, wish),
    warnings: [...warnings, ...sampler.warnings, ...tags.warnings, ...loras.warnings]
  }
}

/** Refuses what a graph of our own has no place for. */
export function checkInputs({ inputs }: ImageTask): void {
  if (inputs.filter(({ name }) => name !== 'mask').length > 1) {
    throw new EngineError('crashed', 'This model takes one image at a time: several need a workflow of the owner.')
  }
}

function chooseSampler({
  task,
  model,
  recipe,
  sampling
}: {
  task: ImageTask
  model: ModelSettings
  recipe: Recipe
  sampling: NodeClass | undefined
}): { sampler: string; scheduler: string; warnings: string[] } {
  const usual = {
    sampler: model.sampler ?? recipe.family.sampler,
    scheduler: model.scheduler ?? recipe.family.scheduler
  }
  const asked = task.sampler === undefined ? undefined : readSampler(task.sampler)
  const { scheduler } = task.extra
  const wanted = {
    sampler: asked?.sampler ?? usual.sampler,
    scheduler: typeof scheduler === 'string' ? scheduler.toLowerCase() : (asked?.scheduler ?? usual.scheduler)
  }
  const isKnown = (input: string, value: string) => sampling?.choices(input)?.includes(value) ?? true
  const warnings: string[] = []
  const settle = (field: 'sampler' | 'scheduler', input: string): string => {
    if (isKnown(input, wanted[field])) return wanted[field]
    if (wanted[field] !== usual[field]) {
      warnings.push(`This image server has no such ${field}: ${usual[field]} was used.`)
    }
    return usual[field]
  }
  return { sampler: settle('sampler', 'sampler_name'), scheduler: settle('scheduler', 'scheduler'), warnings }
}

const number = (value: unknown, most: number): number | undefined =>
  typeof value === 'number' && value >= 0 && value <= most ? value : undefined
