/** The nodes of the fake InvokeAI: their inputs and outputs, as its document has them. */
export const FAKE_INVOKE_NODES: Readonly<Record<string, { inputs: readonly string[]; outputs: readonly string[] }>> = {
  main_model_loader: { inputs: ['model'], outputs: ['vae', 'clip', 'unet'] },
  sdxl_model_loader: { inputs: ['model'], outputs: ['unet', 'clip', 'clip2', 'vae'] },
  flux_model_loader: {
    inputs: ['model', 't5_encoder_model', 'clip_embed_model', 'vae_model'],
    outputs: ['transformer', 'clip', 't5_encoder', 'vae', 'max_seq_len']
  },
  vae_loader: { inputs: ['vae_model'], outputs: ['vae'] },
  lora_loader: { inputs: ['lora', 'weight', 'unet', 'clip'], outputs: ['unet', 'clip'] },
  sdxl_lora_loader: { inputs: ['lora', 'weight', 'unet', 'clip', 'clip2'], outputs: ['unet', 'clip', 'clip2'] },
  flux_lora_loader: { inputs: ['lora', 'weight', 'transformer', 'clip'], outputs: ['transformer', 'clip'] },
  compel: { inputs: ['prompt', 'clip', 'mask'], outputs: ['conditioning'] },
  sdxl_compel_prompt: {
    inputs: [
      'prompt',
      'style',
      'original_width',
      'original_height',
      'crop_top',
      'crop_left',
      'target_width',
      'target_height',
      'clip',
      'clip2'
    ],
    outputs: ['conditioning']
  },
  flux_text_encoder: { inputs: ['prompt', 'clip', 't5_encoder', 't5_max_seq_len'], outputs: ['conditioning'] },
  noise: { inputs: ['seed', 'width', 'height', 'use_cpu'], outputs: ['noise', 'width', 'height'] },
  denoise_latents: {
    inputs: [
      'positive_conditioning',
      'negative_conditioning',
      'noise',
      'steps',
      'cfg_scale',
      'denoising_start',
      'denoising_end',
      'scheduler',
      'unet',
      'latents',
      'denoise_mask'
    ],
    outputs: ['latents', 'width', 'height']
  },
  flux_denoise: {
    inputs: [
      'latents',
      'denoise_mask',
      'denoising_start',
      'denoising_end',
      'transformer',
      'positive_text_conditioning',
      'width',
      'height',
      'num_steps',
      'scheduler',
      'guidance',
      'seed'
    ],
    outputs: ['latents', 'width', 'height']
  },
  i2l: { inputs: ['image', 'vae', 'fp32'], outputs: ['latents', 'width', 'height'] },
  flux_vae_encode: { inputs: ['image', 'vae'], outputs: ['latents', 'width', 'height'] },
  create_denoise_mask: { inputs: ['vae', 'image', 'mask', 'fp32'], outputs: ['denoise_mask'] },
  l2i: { inputs: ['latents', 'vae', 'fp32'], outputs: ['image', 'width', 'height'] },
  flux_vae_decode: { inputs: ['latents', 'vae'], outputs: ['image', 'width', 'height'] }
}

const ENUMS: Readonly<Record<string, readonly string[]>> = {
  'denoise_latents.scheduler': ['ddim', 'euler', 'euler_k', 'euler_a', 'dpmpp_2m', 'dpmpp_2m_k', 'dpmpp_sde'],
  'flux_denoise.scheduler': ['euler', 'heun', 'lcm']
}

const PATHS = [
  '/api/v1/queue/{queue_id}/enqueue_batch',
  '/api/v1/queue/{queue_id}/i/{item_id}',
  '/api/v1/queue/{queue_id}/i/{item_id}/cancel',
  '/api/v1/images/upload',
  '/api/v1/images/i/{image_name}',
  '/api/v1/images/i/{image_name}/full'
]

/** `/openapi.json`. `lacks`: a path, `node`, `node.input` or `item_ids` that this version has not. */
export function describeFakeInvoke(lacks: readonly string[]): object {
  const schemas: Record<string, object> = {
    EnqueueBatchResult: { properties: lacks.includes('item_ids') ? {} : { item_ids: { type: 'array' } } },
    BoardField: { properties: { board_id: { type: 'string' } } }
  }
  for (const [type, { inputs, outputs }] of Object.entries(FAKE_INVOKE_NODES)) {
    if (lacks.includes(type)) continue
    const known = inputs.filter((input) => !lacks.includes(`${type}.${input}`))
    schemas[`${type}Invocation`] = {
      class: 'invocation',
      properties: {
        id: { type: 'string' },
        type: { const: type, default: type },
        is_intermediate: { type: 'boolean' },
        use_cache: { type: 'boolean' },
        ...Object.fromEntries(
          known.map((input) => [
            input,
            ENUMS[`${type}.${input}`] ? { enum: ENUMS[`${type}.${input}`] } : { input: 'any' }
          ])
        )
      },
      output: { $ref: `#/components/schemas/${type}Output` }
    }
    schemas[`${type}Output`] = {
      class: 'output',
      properties: Object.fromEntries(
        [...outputs.filter((output) => !lacks.includes(`${type}.${output}`)), 'type'].map((name) => [name, {}])
      )
    }
  }
  const paths = Object.fromEntries(PATHS.filter((path) => !lacks.includes(path)).map((path) => [path, {}]))
  return { openapi: '3.1.0', info: { title: 'Invoke - Community Edition' }, paths, components: { schemas } }
}
