import type { Size } from '../../images/image-request.ts'

/** How models of one kind are used: what ComfyUI's own templates for them do. */
export interface Family {
  name: string
  /** Of file names, without folders, of which it is likely. */
  files: RegExp
  size: Size
  multipleOf: number
  /** What an edit without a size has at most. */
  maxPixels: number
  latent: 'EmptyLatentImage' | 'EmptySD3LatentImage'
  steps: number
  /** Classifier-free guidance; with 1 there is none, and a negative prompt changes nothing. */
  cfg: number
  sampler: string
  scheduler: string
  /** Guidance that the model was distilled with; callers' `guidance_scale` is that then. */
  distilledGuidance?: number
  /** Of `ModelSamplingAuraFlow`. */
  shift?: number
  /** Where it comes in parts: how its text encoders are loaded, and which files they and the VAE usually are. */
  parts?: { encoders: readonly EncoderLoader[]; vae: RegExp }
}

/** One way to load text encoders; the first way of which every file is there is taken. */
export interface EncoderLoader {
  loader: 'CLIPLoader' | 'DualCLIPLoader' | 'TripleCLIPLoader'
  /** Absent where the loader asks for none. */
  type?: string
  /** One for each file. */
  files: readonly RegExp[]
}

const CLIP_L = /clip_?l/i
const CLIP_G = /clip_?g/i
const T5 = /t5.*xxl/i
const FLUX_VAE = /^(?:flux.*)?ae\.|flux.*vae/i

const FLUX_PARTS = {
  encoders: [{ loader: 'DualCLIPLoader', type: 'flux', files: [CLIP_L, T5] }],
  vae: FLUX_VAE
} as const satisfies Family['parts']

const SQUARE = { width: 1024, height: 1024 }
const MODERN = {
  size: SQUARE,
  multipleOf: 16,
  maxPixels: 2_000_000,
  latent: 'EmptySD3LatentImage',
  sampler: 'euler',
  scheduler: 'simple'
} as const

/** The first whose `files` match is taken, so the special come before the general. */
export const FAMILIES: readonly Family[] = [
  { ...MODERN, name: 'flux-schnell', files: /schnell/i, steps: 4, cfg: 1, parts: FLUX_PARTS },
  { ...MODERN, name: 'flux', files: /flux/i, steps: 20, cfg: 1, distilledGuidance: 3.5, parts: FLUX_PARTS },
  {
    ...MODERN,
    name: 'sd3',
    files: /sd[-_]?3|stable[-_]?diffusion[-_]?3/i,
    steps: 20,
    cfg: 4,
    scheduler: 'sgm_uniform',
    parts: {
      encoders: [
        { loader: 'TripleCLIPLoader', files: [CLIP_L, CLIP_G, T5] },
        { loader: 'DualCLIPLoader', type: 'sd3', files: [CLIP_L, CLIP_G] }
      ],
      vae: /sd[-_]?3/i
    }
  },
  {
    ...MODERN,
    name: 'qwen-image',
    files: /qwen[-_]?image/i,
    size: { width: 1328, height: 1328 },
    steps: 20,
    cfg: 2.5,
    shift: 3.1,
    parts: {
      encoders: [{ loader: 'CLIPLoader', type: 'qwen_image', files: [/qwen.*2[._]?5.*vl/i] }],
      vae: /qwen.*vae/i
    }
  },
  {
    ...MODERN,
    name: 'z-image',
    files: /z[-_]?image/i,
    steps: 9,
    cfg: 1,
    sampler: 'res_multistep',
    shift: 3,
    parts: { encoders: [{ loader: 'CLIPLoader', type: 'lumina2', files: [/qwen.*3.*4b/i] }], vae: FLUX_VAE }
  },
  {
    name: 'sdxl',
    files: /xl|pony|illustrious|noobai/i,
    size: SQUARE,
    multipleOf: 8,
    maxPixels: 2_000_000,
    latent: 'EmptyLatentImage',
    steps: 25,
    cfg: 6,
    sampler: 'dpmpp_2m',
    scheduler: 'karras'
  },
  {
    name: 'sd15',
    files:
      /(?:^|[^a-z0-9])(?:sd|v|sd[-_]?v|diffusion[-_]v)[-_. ]?1[-_. ]?[45](?![0-9])|(?:sd|diffusion[-_]v)[-_. ]?2[-_. ]?[01](?![0-9])/i,
    size: { width: 512, height: 512 },
    multipleOf: 8,
    maxPixels: 1_048_576,
    latent: 'EmptyLatentImage',
    steps: 20,
    cfg: 7,
    sampler: 'dpmpp_2m',
    scheduler: 'karras'
  }
]

export const FAMILY_NAMES = FAMILIES.map(({ name }) => name)

const UNNAMED = FAMILIES.find(({ name }) => name === 'sdxl') as Family

/** The family with this name, or else the one that a file's name speaks of; most checkpoints that say nothing are SDXL. */
export function familyOf(file: string, name?: string): Family {
  const base = baseName(file)
  return FAMILIES.find((family) => (name === undefined ? family.files.test(base) : family.name === name)) ?? UNNAMED
}

/** Made to fill holes: it wants to be told where. */
export const isInpaintModel = (file: string): boolean => /inpaint|flux.*fill/i.test(baseName(file))

/** Without folders, which ComfyUI writes as its system does. */
export const baseName = (file: string): string => file.replace(/^.*[\\/]/, '')
