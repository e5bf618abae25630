import { EngineError } from '../engine.ts'
import { type Fingerprint, type FoundModel, isPictureFile } from '../fingerprint.ts'
import { parseSystem } from './comfyui-api.ts'
import { COMFYUI } from './comfyui-description.ts'
import { findRecipe } from './find-model.ts'
import { createServerNodes, type ServerNodes } from './server-nodes.ts'

/** Each asks a few questions; what they have in common is asked once. */
const MOST_DIFFUSION_MODELS = 50

/** ComfyUI by its own facts and nodes: others imitate the calls that make pictures, and not these. */
export const fingerprintComfy: Fingerprint = async (look) => {
  const [stats, sampler] = await Promise.all([look.get('/system_stats'), look.get('/object_info/KSampler')])
  const server = stats?.status === 200 ? parseSystem(stats.json) : undefined
  if (server === undefined || !/"KSampler"/.test(sampler?.text ?? '')) return undefined
  const nodes = createServerNodes({
    get: async (path) => (await look.get(path)) ?? { status: 504, text: '', json: undefined }
  })
  const { signal } = new AbortController()
  const files = async (loader: string, input: string) =>
    (await nodes.find(loader, signal).catch(() => undefined))?.choices(input) ?? [] // Without an answer: none.
  const [checkpoints, diffusionModels] = await Promise.all([
    files('CheckpointLoaderSimple', 'ckpt_name'),
    files('UNETLoader', 'unet_name')
  ])
  const loadable = await Promise.all(
    diffusionModels
      .filter(isPictureFile)
      .slice(0, MOST_DIFFUSION_MODELS)
      .map(async (file) => ((await canLoad(file, nodes, signal)) ? [file] : []))
  )
  const models = [...checkpoints.filter(isPictureFile), ...loadable.flat()].map(toModel)
  return {
    engine: COMFYUI,
    server,
    models,
    ...(models.length === 0 && { note: 'It has no model that can be used without a workflow of yours.' })
  }
}

const toModel = (file: string): FoundModel => ({
  servedAs: file,
  name: file.replace(/^.*[\\/]/, '').replace(/\.(?:safetensors|sft|ckpt|pth?|gguf|bin)$/i, '')
})

/** Whether its text encoders and its VAE are there. */
async function canLoad(file: string, nodes: ServerNodes, signal: AbortSignal): Promise<boolean> {
  try {
    await findRecipe({ name: file, diffusionModel: file, loras: new Map() }, nodes, signal)
    return true
  } catch (error) {
    if (error instanceof EngineError) return false
    throw error
  }
}
