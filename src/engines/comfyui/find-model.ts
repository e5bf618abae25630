import { EngineError } from '../engine.ts'
import type { PartFiles, Recipe } from './build-graph.ts'
import { baseName, type Family, familyOf, isInpaintModel } from './families.ts'
import type { ModelSettings } from './model-settings.ts'
import type { ServerNodes } from './server-nodes.ts'

/**
 * How this server loads a model: as a checkpoint, or as a diffusion model with the text encoders and the VAE of its family.
 * Throws `EngineError` `model_missing` that names what is not there.
 */
export async function findRecipe(model: ModelSettings, nodes: ServerNodes, signal: AbortSignal): Promise<Recipe> {
  const [checkpoints, diffusionModels] = await Promise.all([
    filesOf('CheckpointLoaderSimple', 'ckpt_name', { nodes, signal }),
    filesOf('UNETLoader', 'unet_name', { nodes, signal })
  ])
  const checkpoint =
    model.diffusionModel === undefined ? findFile(checkpoints, model.checkpoint ?? model.name) : undefined
  if (checkpoint !== undefined) {
    const family = familyOf(checkpoint, model.family)
    return { family, files: { checkpoint }, inpaints: isInpaintModel(checkpoint) }
  }
  const wanted = model.diffusionModel ?? model.checkpoint ?? model.name
  const diffusionModel = model.checkpoint === undefined ? findFile(diffusionModels, wanted) : undefined
  if (diffusionModel === undefined) throw lacks(`the model ${baseName(wanted)}`)
  const family = familyOf(diffusionModel, model.family)
  const parts = await findParts({ model, family, diffusionModel }, nodes, signal)
  return { family, files: parts, inpaints: isInpaintModel(diffusionModel) }
}

async function findParts(
  { model, family, diffusionModel }: { model: ModelSettings; family: Family; diffusionModel: string },
  nodes: ServerNodes,
  signal: AbortSignal
): Promise<PartFiles> {
  if (!family.parts) {
    throw lacks(`a way to load ${baseName(diffusionModel)}: its options must say its family, or a workflow`)
  }
  const vaes = await filesOf('VAELoader', 'vae_name', { nodes, signal })
  const vae =
    model.vae === undefined ? vaes.find((file) => family.parts?.vae.test(baseName(file))) : findFile(vaes, model.vae)
  if (vae === undefined) throw lacks(`the VAE ${model.vae === undefined ? `of ${family.name}` : baseName(model.vae)}`)
  let missing = ''
  for (const { loader, type, files } of family.parts.encoders) {
    if (model.textEncoders && model.textEncoders.length !== files.length) continue
    const there = await filesOf(loader, files.length === 1 ? 'clip_name' : 'clip_name1', { nodes, signal })
    const found = files.map((pattern, index) => {
      const named = model.textEncoders?.[index]
      return named === undefined ? there.find((file) => pattern.test(baseName(file))) : findFile(there, named)
    })
    if (found.every((file) => file !== undefined)) {
      return { diffusionModel, encoders: { loader, ...(type !== undefined && { type }), files: found }, vae }
    }
    const at = found.findIndex((file) => file === undefined)
    missing ||= baseName(model.textEncoders?.[at] ?? `${at + 1} of ${files.length} of ${family.name}`)
  }
  throw lacks(`the text encoder ${missing || `files that ${family.name} takes: another number of them is named`}`)
}

/** The files that a loader offers; none when the server has no such loader. */
async function filesOf(
  loader: string,
  input: string,
  { nodes, signal }: { nodes: ServerNodes; signal: AbortSignal }
): Promise<readonly string[]> {
  return (await nodes.find(loader, signal))?.choices(input) ?? []
}

/** The file of this name, as the server spells it: folders and the ending may be left out where that leaves no doubt. */
export function findFile(files: readonly string[], name: string): string | undefined {
  if (files.includes(name)) return name
  const wanted = name.toLowerCase().replaceAll('\\', '/')
  const spellings = [(file: string) => file, baseName, withoutEnding, (file: string) => withoutEnding(baseName(file))]
  for (const spelling of spellings) {
    const found = files.filter((file) => spelling(file).toLowerCase().replaceAll('\\', '/') === wanted)
    if (found.length === 1) return found[0]
  }
  return undefined
}

const withoutEnding = (file: string): string => file.replace(/\.(?:safetensors|sft|ckpt|pth?|gguf|bin)$/i, '')

const lacks = (what: string): EngineError => new EngineError('model_missing', `The image server lacks ${what}.`)
