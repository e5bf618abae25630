import { EngineError } from '../engine.ts'
import type { StoredModel } from '../inventory.ts'
import type { AllowedLoras, NamedLora } from '../prompt-tags.ts'
import type { InvokeModel, ModelIdentifier } from './invokeai-api.ts'
import type { Architecture, Wish } from './invokeai-graph.ts'

/** Bases of models that graphs are built for. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = { 'sd-1': 'sd', 'sd-2': 'sd', sdxl: 'sdxl', flux: 'flux' }

/** How a model is used; undefined for one of a kind that no graph is built for, and for what makes no pictures. */
export const architectureOf = ({ type, base }: ModelIdentifier): Architecture | undefined =>
  type === 'main' ? ARCHITECTURES[base] : undefined

/** Those that make pictures here. Where several have one name they are called by their keys. */
export function listDrawn(models: readonly InvokeModel[]): StoredModel[] {
  const mains = models.filter(({ type }) => type === 'main')
  const times = new Map<string, number>()
  for (const { name } of mains) times.set(name, (times.get(name) ?? 0) + 1)
  const hasParts = hasFluxParts(models)
  return mains.flatMap((model) => {
    const { key, name, bytes } = model
    const architecture = architectureOf(model)
    if (!architecture) return []
    const stored = { servedAs: times.get(name) === 1 ? name : key, name, ...(bytes !== undefined && { bytes }) }
    return [architecture === 'flux' && !hasParts ? { ...stored, isIncomplete: true as const } : stored]
  })
}

/** The model of that key, hash or name. Throws `model_missing`. */
export function chooseModel(models: readonly InvokeModel[], asked: string): InvokeModel {
  const mains = models.filter(({ type }) => type === 'main')
  const found = findNamed(mains, asked)
  if (found.length > 1) {
    throw new EngineError(
      'model_missing',
      'The image server has several models of that name: served_as must be the key of one.'
    )
  }
  const [model] = found
  if (!model) throw new EngineError('model_missing', 'The image server lacks the model.')
  return model
}

/** Keys are of one model alone, hashes of one file; names may be of several. */
function findNamed(models: readonly InvokeModel[], asked: string): InvokeModel[] {
  const byKey = models.filter(({ key }) => key === asked)
  if (byKey.length > 0) return byKey
  const byHash = models.filter(({ hash }) => hash !== '' && hash === asked)
  if (byHash.length > 0) return byHash.slice(0, 1)
  const byName = models.filter(({ name }) => name === asked)
  return byName.length > 0 ? byName : models.filter(({ name }) => name.toLowerCase() === asked.toLowerCase())
}

/** As nodes take it. */
export const identify = ({ key, hash, name, base, type }: ModelIdentifier): ModelIdentifier => ({
  key,
  hash,
  name,
  base,
  type
})

/** LoRAs of the model's kind that the server has, and a warning of each other. */
export function findLoras(
  models: readonly InvokeModel[],
  asked: readonly NamedLora[],
  base: string
): { loras: Wish['loras']; warnings: string[] } {
  const fitting = models.filter((model) => model.type === 'lora' && model.base === base)
  const found = asked.map(({ name, weight }) => ({ name, weight, model: findNamed(fitting, name)[0] }))
  return {
    loras: found.flatMap(({ model, weight }) => (model ? [{ model: identify(model), weight }] : [])),
    warnings: found
      .filter(({ model }) => !model)
      .map(({ name }) => `The image server has no LoRA '${name.slice(0, 40)}' for this model: it was left out.`)
  }
}

/** What a Flux model is loaded with. Throws `model_missing` when the server lacks one of them. */
export function findFluxParts(models: readonly InvokeModel[]): NonNullable<Wish['parts']> {
  const first = (type: string, label: string, isFit: (model: InvokeModel) => boolean = () => true) => {
    const found = models.find((model) => model.type === type && isFit(model))
    if (found) return identify(found)
    throw new EngineError('model_missing', `The image server lacks the ${label} that its Flux models need.`)
  }
  return {
    t5: first('t5_encoder', 'T5 encoder'),
    // The large one is what Flux was made with; others are of SDXL and SD 3.
    clip: first('clip_embed', 'CLIP encoder', ({ variant }) => variant !== 'gigantic'),
    vae: first('vae', 'VAE', ({ base }) => base === 'flux')
  }
}

function hasFluxParts(models: readonly InvokeModel[]): boolean {
  try {
    return findFluxParts(models) !== undefined
  } catch {
    return false // One of them is missing.
  }
}

/** LoRAs that callers may name with a model: of those that the server has for its base, the ones that are allowed. */
export function lorasFor(
  models: readonly InvokeModel[],
  { asked, allowed, found }: { asked: string; allowed: AllowedLoras; found: readonly string[] }
): string[] {
  const [model] = findNamed(
    models.filter(({ type }) => type === 'main'),
    asked
  )
  const fitting = models.filter(({ type, base }) => type === 'lora' && base === model?.base)
  if (allowed !== 'any') return allowed.filter((name) => findNamed(fitting, name).length > 0)
  const names = new Set(fitting.map(({ name }) => name))
  return found.filter((name) => names.has(name))
}
