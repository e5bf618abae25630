import type { Size } from '../../images/image-request.ts'
import { EngineOptionError, type EngineOptions } from '../engine-options.ts'
import { FAMILY_NAMES } from './families.ts'
import { loadWorkflow, type OwnWorkflow } from './own-workflow.ts'

/** What the owner says of one model. */
export interface ModelSettings {
  /** As the image server calls it: a file, unless `workflow` says what to do. */
  name: string
  workflow?: OwnWorkflow
  family?: string
  checkpoint?: string
  diffusionModel?: string
  textEncoders?: readonly string[]
  vae?: string
  /** Files that callers may name, by the name they use. */
  loras: ReadonlyMap<string, string>
  steps?: number
  guidanceScale?: number
  sampler?: string
  scheduler?: string
  size?: Size
}

/** The file with the weights of a model, or those that its workflow loads; LoRAs are none. */
export function weightsOf({
  name,
  workflow,
  checkpoint,
  diffusionModel
}: Pick<ModelSettings, 'name' | 'workflow' | 'checkpoint' | 'diffusionModel'>): string {
  const loaded = Object.values(workflow?.graph ?? {}).flatMap(({ inputs }) =>
    [inputs.ckpt_name, inputs.unet_name].filter((file) => typeof file === 'string')
  )
  return loaded.length > 0 ? loaded.sort().join(' ') : (checkpoint ?? diffusionModel ?? name)
}

const MOST_LORAS = 200
const FILE_CHARS = 300

/** Reads the options of one model. Throws `EngineOptionError`; a workflow's file is read, and must be one. */
export function readModelSettings(name: string, options: EngineOptions, folder: string): ModelSettings {
  const text = (option: string) => options.text(option, FILE_CHARS)
  const workflowFile = text('workflow')
  const inputs = options.mapping('inputs')
  const output = text('output')
  if (workflowFile === undefined && (inputs || output !== undefined)) {
    throw new EngineOptionError(`option '${inputs ? 'inputs' : 'output'}' is for a workflow`)
  }
  const workflow =
    workflowFile === undefined ? undefined : loadWorkflow({ file: workflowFile, folder, inputs: inputs ?? {}, output })
  const family = options.choice('family', FAMILY_NAMES)
  const checkpoint = text('checkpoint')
  const diffusionModel = text('diffusion_model')
  if (checkpoint !== undefined && diffusionModel !== undefined) {
    throw new EngineOptionError("option 'checkpoint' cannot stand beside 'diffusion_model'")
  }
  const textEncoders = options.texts('text_encoders', { maxItems: 4, maxChars: FILE_CHARS })
  const vae = text('vae')
  const loras = readLoras(options)
  const steps = options.number('steps', { min: 1, max: 1000, isInteger: true })
  const guidanceScale = options.number('guidance_scale', { min: 0, max: 100 })
  const sampler = text('sampler')
  const scheduler = text('scheduler')
  const size = options.size('size')
  return {
    name,
    loras,
    ...(workflow && { workflow }),
    ...(family !== undefined && { family }),
    ...(checkpoint !== undefined && { checkpoint }),
    ...(diffusionModel !== undefined && { diffusionModel }),
    ...(textEncoders && { textEncoders }),
    ...(vae !== undefined && { vae }),
    ...(steps !== undefined && { steps }),
    ...(guidanceScale !== undefined && { guidanceScale }),
    ...(sampler !== undefined && { sampler }),
    ...(scheduler !== undefined && { scheduler }),
    ...(size && { size })
  }
}

/** Names and files, or files alone: their names are the files' then, without folders and ending. */
function readLoras(options: EngineOptions): ReadonlyMap<string, string> {
  const limits = { maxItems: MOST_LORAS, maxChars: FILE_CHARS }
  if (options.isList('loras')) {
    const files = options.texts('loras', limits) ?? []
    return new Map(files.map((file) => [file.replace(/^.*[\\/]/, '').replace(/\.[a-z]+$/i, ''), file]))
  }
  const named = Object.entries(options.mapping('loras') ?? {})
  if (named.length > MOST_LORAS || named.some(([, file]) => typeof file !== 'string' || file === '')) {
    throw new EngineOptionError(
      `option 'loras' must be a list of files or a mapping of names and files, at most ${MOST_LORAS}`
    )
  }
  return new Map(named as [string, string][])
}
