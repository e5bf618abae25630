import type { Size } from '../../images/image-request.ts'
import type { Family } from './families.ts'
import type { Graph, Link, Plan } from './graph.ts'

/** A model as this server can load it. */
export interface Recipe {
  family: Family
  files: CheckpointFile | PartFiles
  /** Made to fill holes: it is told where. */
  inpaints: boolean
}

export interface CheckpointFile {
  checkpoint: string
}

export interface PartFiles {
  diffusionModel: string
  encoders: { loader: string; type?: string; files: readonly string[] }
  vae: string
}

/** What is to be made, with every value known. Names of files are those the server gave them. */
export interface Wish {
  prompt: string
  negativePrompt: string
  seed: number
  steps: number
  cfg: number
  distilledGuidance?: number
  sampler: string
  scheduler: string
  /** 1 where there is no image. */
  denoise: number
  size: Size
  image?: string
  /** White where something is to change. */
  mask?: string
  loras: readonly { file: string; strength: number }[]
}

const PARAMS = {
  'size.width': 'size',
  'size.height': 'size',
  'fit.width': 'size',
  'fit.height': 'size',
  'sampler.steps': 'steps',
  'sampler.cfg': 'guidance_scale',
  'guidance.guidance': 'guidance_scale',
  'sampler.sampler_name': 'sampler',
  'sampler.denoise': 'strength',
  'positive.text': 'prompt',
  'negative.text': 'negative_prompt'
}

/** Text to image, image to image, or filling a part of an image, as the wish has an image and a mask. */
export function buildGraph(recipe: Recipe, wish: Wish): Plan {
  const { family } = recipe
  const graph: Graph = {}
  const add = (id: string, class_type: string, inputs: Record<string, unknown>): string => {
    graph[id] = { class_type, inputs }
    return id
  }
  const loaded = withLoras(loadModel(recipe, add), wish, add)
  const vae = loaded.vae
  const model: Link = family.shift
    ? [add('shift', 'ModelSamplingAuraFlow', { model: loaded.model, shift: family.shift }), 0]
    : loaded.model
  const text: Link = [add('positive', 'CLIPTextEncode', { text: wish.prompt, clip: loaded.clip }), 0]
  const guided: Link =
    wish.distilledGuidance === undefined
      ? text
      : [add('guidance', 'FluxGuidance', { conditioning: text, guidance: wish.distilledGuidance }), 0]
  const unwanted: Link =
    wish.cfg > 1
      ? [add('negative', 'CLIPTextEncode', { text: wish.negativePrompt, clip: loaded.clip }), 0]
      : [add('negative', 'ConditioningZeroOut', { conditioning: text }), 0]

  const source = wish.image === undefined ? undefined : openSource(wish, add)
  const hole = wish.mask === undefined ? undefined : openMask(wish, add)
  const start = beginWith({ recipe, wish, source, hole, vae, positive: guided, negative: unwanted }, add)
  add('sampler', 'KSampler', {
    model,
    seed: wish.seed,
    steps: wish.steps,
    cfg: wish.cfg,
    sampler_name: wish.sampler,
    scheduler: wish.scheduler,
    positive: start.positive,
    negative: start.negative,
    latent_image: start.latent,
    denoise: wish.denoise
  })
  const decoded: Link = [add('decode', 'VAEDecode', { samples: ['sampler', 0], vae }), 0]
  return {
    graph,
    output: { node: 'save', images: pasted(decoded, { source, hole }, add) },
    samplers: ['sampler'],
    params: PARAMS
  }
}

type Add = (id: string, class_type: string, inputs: Record<string, unknown>) => string

interface Loaded {
  model: Link
  clip: Link
  vae: Link
}

function loadModel({ files }: Recipe, add: Add): Loaded {
  if ('checkpoint' in files) {
    const id = add('model', 'CheckpointLoaderSimple', { ckpt_name: files.checkpoint })
    return { model: [id, 0], clip: [id, 1], vae: [id, 2] }
  }
  const { loader, type, files: encoders } = files.encoders
  const names = Object.fromEntries(
    encoders.map((file, index) => [encoders.length === 1 ? 'clip_name' : `clip_name${index + 1}`, file])
  )
  return {
    model: [add('model', 'UNETLoader', { unet_name: files.diffusionModel, weight_dtype: 'default' }), 0],
    clip: [add('encoders', loader, { ...names, ...(type !== undefined && { type }) }), 0],
    vae: [add('vae', 'VAELoader', { vae_name: files.vae }), 0]
  }
}

function withLoras(loaded: Loaded, { loras }: Wish, add: Add): Loaded {
  return loras.reduce(({ model, clip, vae }, { file, strength }, index) => {
    const inputs = { model, clip, lora_name: file, strength_model: strength, strength_clip: strength }
    const id = add(`lora${index}`, 'LoraLoader', inputs)
    return { model: [id, 0], clip: [id, 1], vae }
  }, loaded)
}

/** In the size of the wish; what does not fit is cut at the edges, of image and mask alike. */
const scaled = (image: Link, { size }: Wish, upscale_method: string) => ({
  image,
  upscale_method,
  ...size,
  crop: 'center'
})

function openSource(wish: Wish, add: Add): Link {
  const image: Link = [add('image', 'LoadImage', { image: wish.image }), 0]
  return [add('fit', 'ImageScale', scaled(image, wish, 'lanczos')), 0]
}

/** A mask that is white where something is to change is one that is 1 there, as ComfyUI has masks. */
function openMask(wish: Wish, add: Add): Link {
  const image: Link = [add('mask_image', 'LoadImage', { image: wish.mask }), 0]
  const fitted: Link = [add('mask_fit', 'ImageScale', scaled(image, wish, 'bilinear')), 0]
  return [add('mask', 'ImageToMask', { image: fitted, channel: 'red' }), 0]
}

interface Beginning {
  latent: Link
  positive: Link
  negative: Link
}

function beginWith(
  given: Omit<Beginning, 'latent'> & {
    recipe: Recipe
    wish: Wish
    vae: Link
    source?: Link | undefined
    hole?: Link | undefined
  },
  add: Add
): Beginning {
  const { recipe, wish, source, hole, vae, positive, negative } = given
  if (!source) {
    return { positive, negative, latent: [add('size', recipe.family.latent, { ...wish.size, batch_size: 1 }), 0] }
  }
  if (hole && recipe.inpaints) {
    const inputs = { positive, negative, vae, pixels: source, mask: hole, noise_mask: true }
    const id = add('hole', 'InpaintModelConditioning', inputs)
    return { positive: [id, 0], negative: [id, 1], latent: [id, 2] }
  }
  const encoded: Link = [add('encode', 'VAEEncode', { pixels: source, vae }), 0]
  if (!hole) return { positive, negative, latent: encoded }
  return { positive, negative, latent: [add('hole', 'SetLatentNoiseMask', { samples: encoded, mask: hole }), 0] }
}

/** Coding and decoding change every pixel a little: outside the mask the picture's own are put back. */
function pasted(decoded: Link, { source, hole }: { source: Link | undefined; hole: Link | undefined }, add: Add): Link {
  if (!source || !hole) return decoded
  const inputs = { destination: source, source: decoded, x: 0, y: 0, resize_source: false, mask: hole }
  return [add('paste', 'ImageCompositeMasked', inputs), 0]
}
