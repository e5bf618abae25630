/** The nodes that the fake has, what they take, and how ComfyUI judges a graph by that before it queues it. */

export type FakeInputSpec =
  | { kind: 'link'; type: string }
  | { kind: 'combo'; choices: (files: FakeFiles) => string[]; v3?: boolean }
  | { kind: 'number'; type: 'INT' | 'FLOAT'; min: number; max: number }
  | { kind: 'text' }
  | { kind: 'boolean' }
  /** Judged by whether the file is there, and not by a list. */
  | { kind: 'upload' }

export interface FakeNode {
  required: Record<string, FakeInputSpec>
  optional?: Record<string, FakeInputSpec>
  outputs: string[]
  isOutput?: boolean
}

export interface FakeFiles {
  checkpoints: string[]
  diffusionModels: string[]
  textEncoders: string[]
  vaes: string[]
  loras: string[]
}

export interface FakeGraphNode {
  class_type: string
  inputs: Record<string, unknown>
}
export type FakeGraph = Record<string, FakeGraphNode>

const link = (type: string): FakeInputSpec => ({ kind: 'link', type })
const int = (min: number, max: number): FakeInputSpec => ({ kind: 'number', type: 'INT', min, max })
const float = (min: number, max: number): FakeInputSpec => ({ kind: 'number', type: 'FLOAT', min, max })
const oneOf = (...choices: string[]): FakeInputSpec => ({ kind: 'combo', choices: () => choices })
const file = (folder: keyof FakeFiles, v3 = false): FakeInputSpec => ({
  kind: 'combo',
  choices: (files) => files[folder],
  v3
})
const text: FakeInputSpec = { kind: 'text' }
const size = { width: int(16, 16_384), height: int(16, 16_384) }
const SAMPLERS = oneOf('euler', 'euler_ancestral', 'dpmpp_2m', 'res_multistep')
const SCHEDULERS = oneOf('normal', 'karras', 'simple', 'sgm_uniform')

export const FAKE_NODES: Record<string, FakeNode> = {
  CheckpointLoaderSimple: { required: { ckpt_name: file('checkpoints') }, outputs: ['MODEL', 'CLIP', 'VAE'] },
  UNETLoader: {
    required: { unet_name: file('diffusionModels'), weight_dtype: oneOf('default', 'fp8_e4m3fn') },
    outputs: ['MODEL']
  },
  CLIPLoader: {
    required: { clip_name: file('textEncoders'), type: oneOf('stable_diffusion', 'lumina2', 'qwen_image') },
    outputs: ['CLIP']
  },
  DualCLIPLoader: {
    required: {
      clip_name1: file('textEncoders'),
      clip_name2: file('textEncoders'),
      type: oneOf('sdxl', 'sd3', 'flux')
    },
    outputs: ['CLIP']
  },
  TripleCLIPLoader: {
    required: {
      clip_name1: file('textEncoders', true),
      clip_name2: file('textEncoders', true),
      clip_name3: file('textEncoders', true)
    },
    outputs: ['CLIP']
  },
  VAELoader: { required: { vae_name: file('vaes') }, outputs: ['VAE'] },
  LoraLoader: {
    required: {
      model: link('MODEL'),
      clip: link('CLIP'),
      lora_name: file('loras'),
      strength_model: float(-100, 100),
      strength_clip: float(-100, 100)
    },
    outputs: ['MODEL', 'CLIP']
  },
  ModelSamplingAuraFlow: { required: { model: link('MODEL'), shift: float(0, 100) }, outputs: ['MODEL'] },
  CLIPTextEncode: { required: { text, clip: link('CLIP') }, outputs: ['CONDITIONING'] },
  ConditioningZeroOut: { required: { conditioning: link('CONDITIONING') }, outputs: ['CONDITIONING'] },
  FluxGuidance: {
    required: { conditioning: link('CONDITIONING'), guidance: float(0, 100) },
    outputs: ['CONDITIONING']
  },
  EmptyLatentImage: { required: { ...size, batch_size: int(1, 4096) }, outputs: ['LATENT'] },
  EmptySD3LatentImage: { required: { ...size, batch_size: int(1, 4096) }, outputs: ['LATENT'] },
  VAEEncode: { required: { pixels: link('IMAGE'), vae: link('VAE') }, outputs: ['LATENT'] },
  SetLatentNoiseMask: { required: { samples: link('LATENT'), mask: link('MASK') }, outputs: ['LATENT'] },
  InpaintModelConditioning: {
    required: {
      positive: link('CONDITIONING'),
      negative: link('CONDITIONING'),
      vae: link('VAE'),
      pixels: link('IMAGE'),
      mask: link('MASK'),
      noise_mask: { kind: 'boolean' }
    },
    outputs: ['CONDITIONING', 'CONDITIONING', 'LATENT']
  },
  KSampler: {
    required: {
      model: link('MODEL'),
      seed: int(0, 2 ** 64),
      steps: int(1, 10_000),
      cfg: float(0, 100),
      sampler_name: SAMPLERS,
      scheduler: SCHEDULERS,
      positive: link('CONDITIONING'),
      negative: link('CONDITIONING'),
      latent_image: link('LATENT'),
      denoise: float(0, 1)
    },
    outputs: ['LATENT']
  },
  VAEDecode: { required: { samples: link('LATENT'), vae: link('VAE') }, outputs: ['IMAGE'] },
  LoadImage: { required: { image: { kind: 'upload' } }, outputs: ['IMAGE', 'MASK'] },
  LoadImageMask: {
    required: { image: { kind: 'upload' }, channel: oneOf('alpha', 'red', 'green', 'blue') },
    outputs: ['MASK']
  },
  ImageToMask: {
    required: { image: link('IMAGE'), channel: oneOf('red', 'green', 'blue', 'alpha') },
    outputs: ['MASK']
  },
  ImageScale: {
    required: {
      image: link('IMAGE'),
      upscale_method: oneOf('nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos'),
      width: int(0, 16_384),
      height: int(0, 16_384),
      crop: oneOf('disabled', 'center')
    },
    outputs: ['IMAGE']
  },
  ImageCompositeMasked: {
    required: {
      destination: link('IMAGE'),
      source: link('IMAGE'),
      x: int(0, 16_384),
      y: int(0, 16_384),
      resize_source: { kind: 'boolean' }
    },
    optional: { mask: link('MASK') },
    outputs: ['IMAGE']
  },
  /** The second image beside the first, as a workflow with several images may have it. */
  ImageStitch: { required: { image1: link('IMAGE'), image2: link('IMAGE') }, outputs: ['IMAGE'] },
  SaveImage: { required: { images: link('IMAGE'), filename_prefix: text }, outputs: [], isOutput: true },
  PreviewImage: { required: { images: link('IMAGE') }, outputs: [], isOutput: true },
  SaveImageWebsocket: { required: { images: link('IMAGE') }, outputs: [], isOutput: true }
}

/** As `/object_info/<class>` has it, in both ways to write a choice. */
export function describeNode(name: string, files: FakeFiles): unknown {
  const node = FAKE_NODES[name]
  if (!node) return undefined
  const describe = (inputs: Record<string, FakeInputSpec> = {}) =>
    Object.fromEntries(Object.entries(inputs).map(([input, spec]) => [input, describeInput(spec, files)]))
  return {
    input: { required: describe(node.required), optional: describe(node.optional) },
    output: node.outputs,
    name,
    output_node: node.isOutput === true
  }
}

function describeInput(spec: FakeInputSpec, files: FakeFiles): unknown[] {
  if (spec.kind === 'link') return [spec.type]
  if (spec.kind === 'combo') return spec.v3 ? ['COMBO', { options: spec.choices(files) }] : [spec.choices(files), {}]
  if (spec.kind === 'number') return [spec.type, { min: spec.min, max: spec.max }]
  if (spec.kind === 'upload') return [['example.png'], { image_upload: true }]
  return [spec.kind === 'text' ? 'STRING' : 'BOOLEAN', {}]
}

interface FakeNodeError {
  type: string
  message: string
  details: string
  extra_info: Record<string, unknown>
}
type FakeNodeErrors = Record<string, { errors: FakeNodeError[]; dependent_outputs: string[]; class_type: string }>

export interface FakeRefusal {
  error: Record<string, unknown>
  node_errors: FakeNodeErrors
}

/** Judges a graph as ComfyUI does; what it lets pass may still have node errors, of some of its outputs. */
export function judgeGraph(
  graph: FakeGraph,
  { files, has, hasUpload }: { files: FakeFiles; has: (name: string) => boolean; hasUpload: (name: string) => boolean }
): { refusal?: FakeRefusal; nodeErrors: FakeNodeErrors; outputs: string[] } {
  for (const [id, node] of Object.entries(graph)) {
    if (has(node.class_type)) continue
    const message = `Node '${node.class_type}' not found. The custom node may not be installed.`
    const info = { node_id: id, class_type: node.class_type, node_title: node.class_type }
    const error = { type: 'missing_node_type', message, details: `Node ID '#${id}'`, extra_info: info }
    return { refusal: { error, node_errors: {} }, nodeErrors: {}, outputs: [] }
  }
  const outputs = Object.keys(graph).filter((id) => FAKE_NODES[graph[id]!.class_type]?.isOutput)
  if (outputs.length === 0) {
    const error = { type: 'prompt_no_outputs', message: 'Prompt has no outputs', details: '', extra_info: {} }
    return { refusal: { error, node_errors: {} }, nodeErrors: {}, outputs }
  }
  const nodeErrors: FakeNodeErrors = {}
  const good = outputs.filter((output) => {
    const wrong = ancestry(graph, output).filter((id) => {
      const errors = judgeNode(graph, id, { files, hasUpload })
      if (errors.length === 0) return false
      const before = nodeErrors[id]?.dependent_outputs ?? []
      nodeErrors[id] = { errors, dependent_outputs: [...before, output], class_type: graph[id]!.class_type }
      return true
    })
    return wrong.length === 0
  })
  if (good.length > 0) return { nodeErrors, outputs: good }
  const type = 'prompt_outputs_failed_validation'
  const error = { type, message: 'Prompt outputs failed validation', details: '', extra_info: {} }
  return { refusal: { error, node_errors: nodeErrors }, nodeErrors, outputs: [] }
}

/** The node and all that it is made of, those first. */
export function ancestry(graph: FakeGraph, id: string, seen: string[] = []): string[] {
  if (seen.includes(id) || !graph[id]) return seen
  for (const value of Object.values(graph[id].inputs)) if (Array.isArray(value)) ancestry(graph, String(value[0]), seen)
  seen.push(id)
  return seen
}

function judgeNode(
  graph: FakeGraph,
  id: string,
  { files, hasUpload }: { files: FakeFiles; hasUpload: (name: string) => boolean }
): FakeNodeError[] {
  const { class_type: type, inputs } = graph[id]!
  const { required, optional = {} } = FAKE_NODES[type]!
  return Object.entries({ ...required, ...optional }).flatMap(([input, spec]) => {
    const value = inputs[input]
    const error = (kind: string, message: string) => [
      { type: kind, message, details: input, extra_info: { input_name: input, received_value: value } }
    ]
    if (value === undefined)
      return input in required ? error('required_input_missing', 'Required input is missing') : []
    if (Array.isArray(value)) {
      const given = FAKE_NODES[graph[String(value[0])]?.class_type ?? '']?.outputs[Number(value[1])]
      const fits = spec.kind === 'link' && given === spec.type
      return fits ? [] : error('return_type_mismatch', 'Return type mismatch between linked nodes')
    }
    if (spec.kind === 'link') return error('bad_linked_input', 'Bad linked input, must be a length-2 list')
    if (spec.kind === 'number') {
      if (Number(value) < spec.min)
        return error('value_smaller_than_min', `Value ${String(value)} smaller than min of ${spec.min}`)
      if (Number(value) > spec.max)
        return error('value_bigger_than_max', `Value ${String(value)} bigger than max of ${spec.max}`)
    }
    if (spec.kind === 'combo' && !spec.choices(files).includes(String(value)))
      return error('value_not_in_list', 'Value not in list')
    if (spec.kind === 'upload' && !hasUpload(String(value))) {
      return error('custom_validation_failed', 'Custom validation failed for node')
    }
    return []
  })
}
