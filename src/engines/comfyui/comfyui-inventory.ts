import { EngineError } from '../engine.ts'
import { isPictureFile } from '../fingerprint.ts'
import type { Inventory, StoredModel } from '../inventory.ts'
import { members } from '../upstream-text.ts'
import type { ComfyHttp } from './comfyui-http.ts'
import { findRecipe } from './find-model.ts'
import type { ServerNodes } from './server-nodes.ts'

/** Each asks a few questions; what they have in common is asked once. */
const MOST_DIFFUSION_MODELS = 50

/** Models that graphs of our own can use, and diffusion models that lack some of their files. */
export async function listModels(nodes: ServerNodes, signal: AbortSignal): Promise<StoredModel[]> {
  const [checkpoints, diffusionModels] = await Promise.all([
    filesOf('CheckpointLoaderSimple', 'ckpt_name', { nodes, signal }),
    filesOf('UNETLoader', 'unet_name', { nodes, signal })
  ])
  const ofDiffusion = diffusionModels
    .filter(isPictureFile)
    .slice(0, MOST_DIFFUSION_MODELS)
    .map(async (file) => ({ ...toModel(file), ...(!(await canLoad(file, nodes, signal)) && { isIncomplete: true }) }))
  return [...checkpoints.filter(isPictureFile).map(toModel), ...((await Promise.all(ofDiffusion)) as StoredModel[])]
}

/** Everything that the server lists. `system` is its `/system_stats`. */
export async function takeInventory(
  { http, nodes, system }: { http: Pick<ComfyHttp, 'get'>; nodes: ServerNodes; system: unknown },
  signal: AbortSignal
): Promise<Inventory> {
  const [models, diffusionModels, loras, ...sizes] = await Promise.all([
    listModels(nodes, signal),
    filesOf('UNETLoader', 'unet_name', { nodes, signal }),
    filesOf('LoraLoader', 'lora_name', { nodes, signal }),
    sizesOf('checkpoints', http, signal),
    sizesOf('diffusion_models', http, signal)
  ])
  const bytesOf = new Map(sizes.flat())
  const memory = readMemory(system)
  const moreModels = diffusionModels.filter(isPictureFile).length - MOST_DIFFUSION_MODELS
  return {
    models: models.map((model) => {
      const bytes = bytesOf.get(withSlashes(model.servedAs))
      return { ...model, ...(bytes !== undefined && { bytes }) }
    }),
    ...(moreModels > 0 && { moreModels }),
    loras,
    ...(memory && { memory })
  }
}

const toModel = (file: string): StoredModel => ({
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

/** The files that a loader offers; without an answer none. */
const filesOf = async (
  loader: string,
  input: string,
  { nodes, signal }: { nodes: ServerNodes; signal: AbortSignal }
): Promise<readonly string[]> => (await nodes.find(loader, signal).catch(() => undefined))?.choices(input) ?? []

/** Of the files in a folder; versions before 2025 do not tell them. */
async function sizesOf(folder: string, http: Pick<ComfyHttp, 'get'>, signal: AbortSignal): Promise<[string, number][]> {
  const answer = await http.get(`/experiment/models/${folder}`, signal).catch(() => undefined) // They are for show.
  if (!Array.isArray(answer?.json)) return []
  return (answer.json as unknown[]).flatMap((entry): [string, number][] => {
    const { name, size } = members(entry)
    return typeof name === 'string' && isBytes(size) ? [[withSlashes(name), size]] : []
  })
}

function readMemory(system: unknown): Inventory['memory'] {
  const { devices } = members(system)
  const { vram_free: free, vram_total: total } = members(Array.isArray(devices) ? devices[0] : undefined)
  return isBytes(free) && isBytes(total) && total > 0 ? { free, total } : undefined
}

/** Lists of one server may spell folders in two ways. */
const withSlashes = (file: string): string => file.replaceAll('\\', '/')

const isBytes = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
