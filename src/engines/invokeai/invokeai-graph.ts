import type { Size } from '../../images/image-request.ts'
import type { ModelIdentifier } from './invokeai-api.ts'
import type { InvokeGraph } from './invokeai-nodes.ts'
import type { InvokeSchema } from './invokeai-schema.ts'

/** Whose progress is told, and whose image is the result. */
export const DENOISER = 'denoise'
export const OUTPUT = 'decode'

export type Architecture = 'sd' | 'sdxl' | 'flux'

/** What is to be made, with every value known. Images are names that the server gave them. */
export interface Wish {
  architecture: Architecture
  model: ModelIdentifier
  /** What a Flux model needs beside it. */
  parts?: { t5: ModelIdentifier; clip: ModelIdentifier; vae: ModelIdentifier }
  /** Another than the model's own. */
  vae?: ModelIdentifier
  isHalf: boolean
  prompt: string
  negativePrompt: string
  seed: number
  steps: number
  cfg: number
  /** Of Flux. */
  guidance: number
  scheduler: string | undefined
  size: Size
  /** 1 where there is no image. */
  strength: number
  image?: string
  /** Black where something is to change. */
  mask?: string
  loras: readonly { model: ModelIdentifier; weight: number }[]
}

type Output = readonly [node: string, field: string]

/** Text to image, image to image, or filling a part of an image, as the wish has an image and a mask. */
export function buildGraph(wish: Wish, schema: Pick<InvokeSchema, 'has'>, id: string): InvokeGraph {
  const graph: InvokeGraph = { id, nodes: {}, edges: [] }
  const add: Add = (node, type, inputs, links = {}) => {
    // What is made on the way is no picture of anybody's gallery, and what refers to files that go away is not kept.
    graph.nodes[node] = { id: node, type, is_intermediate: true, use_cache: false, ...inputs }
    for (const [field, [from, output]] of Object.entries(links)) {
      graph.edges.push({ source: { node_id: from, field: output }, destination: { node_id: node, field } })
    }
    return node
  }
  if (wish.architecture === 'flux') addFlux(wish, add)
  else addDiffusion({ ...wish, architecture: wish.architecture }, schema, add)
  return graph
}

type Add = (id: string, type: string, inputs: Record<string, unknown>, links?: Record<string, Output>) => string

function addDiffusion(wish: Wish & { architecture: 'sd' | 'sdxl' }, schema: Pick<InvokeSchema, 'has'>, add: Add): void {
  const isXl = wish.architecture === 'sdxl'
  const { width, height } = wish.size
  const parts = isXl ? (['unet', 'clip', 'clip2'] as const) : (['unet', 'clip'] as const)
  let last = add('model', isXl ? 'sdxl_model_loader' : 'main_model_loader', { model: wish.model })
  wish.loras.forEach(({ model, weight }, index) => {
    const links = Object.fromEntries(parts.map((part): [string, Output] => [part, [last, part]]))
    last = add(`lora${index}`, isXl ? 'sdxl_lora_loader' : 'lora_loader', { lora: model, weight }, links)
  })
  const vae: Output = wish.vae ? [add('vae', 'vae_loader', { vae_model: wish.vae }), 'vae'] : ['model', 'vae']
  const text = (node: string, prompt: string): Output => {
    if (!isXl) return [add(node, 'compel', { prompt }, { clip: [last, 'clip'] }), 'conditioning']
    const sizes = { original_width: width, original_height: height, target_width: width, target_height: height }
    const links = { clip: [last, 'clip'], clip2: [last, 'clip2'] } as const
    return [add(node, 'sdxl_compel_prompt', { prompt, style: prompt, ...sizes }, links), 'conditioning']
  }
  const positive = text('positive', wish.prompt)
  const negative = text('negative', wish.negativePrompt)
  const precise = (type: string) => (schema.has(type, 'fp32') ? { fp32: !wish.isHalf } : {})
  const links: Record<string, Output> = {
    unet: [last, 'unet'],
    positive_conditioning: positive,
    negative_conditioning: negative,
    noise: [add('noise', 'noise', { seed: wish.seed, width, height, use_cpu: true }), 'noise']
  }
  if (wish.image !== undefined) {
    const image = { image_name: wish.image }
    links.latents = [add('encode', 'i2l', { image, ...precise('i2l') }, { vae }), 'latents']
    if (wish.mask !== undefined) {
      const hole = { mask: { image_name: wish.mask }, image, ...precise('create_denoise_mask') }
      links.denoise_mask = [add('hole', 'create_denoise_mask', hole, { vae }), 'denoise_mask']
    }
  }
  add(
    DENOISER,
    'denoise_latents',
    {
      steps: wish.steps,
      cfg_scale: wish.cfg,
      denoising_start: 1 - wish.strength,
      denoising_end: 1,
      ...(wish.scheduler !== undefined && { scheduler: wish.scheduler })
    },
    links
  )
  add(OUTPUT, 'l2i', precise('l2i'), { latents: [DENOISER, 'latents'], vae })
}

function addFlux(wish: Wish, add: Add): void {
  const { width, height } = wish.size
  const loader = add('model', 'flux_model_loader', {
    model: wish.model,
    t5_encoder_model: wish.parts?.t5,
    clip_embed_model: wish.parts?.clip,
    vae_model: wish.parts?.vae
  })
  const vae: Output = [loader, 'vae']
  let [transformer, clip]: [Output, Output] = [
    [loader, 'transformer'],
    [loader, 'clip']
  ]
  wish.loras.forEach(({ model, weight }, index) => {
    const id = add(`lora${index}`, 'flux_lora_loader', { lora: model, weight }, { transformer, clip })
    transformer = [id, 'transformer']
    clip = [id, 'clip']
  })
  const text = add(
    'positive',
    'flux_text_encoder',
    { prompt: wish.prompt },
    { clip, t5_encoder: [loader, 't5_encoder'], t5_max_seq_len: [loader, 'max_seq_len'] }
  )
  const links: Record<string, Output> = { transformer, positive_text_conditioning: [text, 'conditioning'] }
  if (wish.image !== undefined) {
    links.latents = [add('encode', 'flux_vae_encode', { image: { image_name: wish.image } }, { vae }), 'latents']
    if (wish.mask !== undefined) {
      const hole = add('hole', 'create_denoise_mask', { mask: { image_name: wish.mask } }, { vae })
      links.denoise_mask = [hole, 'denoise_mask']
    }
  }
  add(
    DENOISER,
    'flux_denoise',
    {
      ...{ width, height },
      num_steps: wish.steps,
      guidance: wish.guidance,
      seed: wish.seed,
      denoising_start: 1 - wish.strength,
      denoising_end: 1,
      ...(wish.scheduler !== undefined && { scheduler: wish.scheduler })
    },
    links
  )
  add(OUTPUT, 'flux_vae_decode', {}, { latents: [DENOISER, 'latents'], vae })
}
