import { AUTOMATIC1111 } from './automatic1111/automatic1111-description.ts'
import { createAutomatic1111Engine } from './automatic1111/automatic1111-engine.ts'
import { readOwnerParameters } from './automatic1111/owner-parameters.ts'
import { createDemoEngine } from './demo/demo-engine.ts'
import { COMFYUI } from './comfyui/comfyui-description.ts'
import { createComfyEngine } from './comfyui/comfyui-engine.ts'
import { readModelSettings } from './comfyui/model-settings.ts'
import { DEMO } from './demo/demo-description.ts'
import type { SizeRules } from '../images/sizes.ts'
import type { Engine } from './engine.ts'
import type { EngineDescription, EngineOption } from './engine-description.ts'
import { EngineOptionError, EngineOptions } from './engine-options.ts'
import { INVOKEAI } from './invokeai/invokeai-description.ts'
import { createInvokeEngine } from './invokeai/invokeai-engine.ts'
import { OPENAI } from './openai/openai-description.ts'
import { createOpenAIEngine } from './openai/openai-engine.ts'
import { PROFILE_NAMES, PROFILES, type ServerProfile } from './openai/profiles.ts'
import { identifyProfile, profileOfAddress } from './openai/recognise-profile.ts'
import { SDCPP } from './sdcpp/sdcpp-description.ts'
import { createSdcppEngine } from './sdcpp/sdcpp-engine.ts'
import { readSdcppParameters } from './sdcpp/sdcpp-parameters.ts'
import { SWARMUI } from './swarmui/swarmui-description.ts'
import { createSwarmEngine } from './swarmui/swarmui-engine.ts'
import { readSwarmParameters } from './swarmui/swarmui-parameters.ts'

/** What a service of `agent.yaml` says about its engine. */
export interface EngineSettings {
  url?: string
  apiKey?: string
  /** Sent to the image server with every call, by lower-case name. */
  headers?: Record<string, string>
  /** Other hosts whose links in answers are fetched, `host` or `host:port`. */
  downloadFrom?: readonly string[]
  /** What an edit without a size may ask of the image server; absent: as the engine thinks best. */
  maxPixels?: number
  multipleOf?: number
  /** Who sends what it sends: the same in each life of one service of one agent, and no other's. Absent: nobody who comes again. */
  sender?: string
  options: Record<string, unknown>
  models: readonly ServedModel[]
  /** Where relative paths in options begin. */
  folder: string
  maxImageBytes: number
}

export interface ServedModel {
  /** As the image server calls it. */
  servedAs: string
  options: Record<string, unknown>
}

interface ReadOptions {
  options: EngineOptions
  /** Of each model, in their order. */
  models: readonly { servedAs: string; options: EngineOptions }[]
}

type EngineFactory = (settings: EngineSettings, read: ReadOptions) => Engine

const serverOf = ({ url, apiKey, headers, maxImageBytes }: EngineSettings) => ({
  baseUrl: url ?? '',
  ...(apiKey !== undefined && { apiKey }),
  ...(headers && { headers }),
  maxImageBytes
})

/** With the key in the header where that kind of servers wants it. */
function withKeyHeader(server: ReturnType<typeof serverOf>, profile: ServerProfile | undefined) {
  const { apiKey, ...rest } = server
  if (apiKey === undefined || profile?.keyHeader === undefined) return server
  return { ...rest, headers: { ...server.headers, [profile.keyHeader]: apiKey } }
}

const sizesOf = ({ maxPixels, multipleOf }: EngineSettings): Partial<SizeRules> => ({
  ...(maxPixels !== undefined && { maxPixels }),
  ...(multipleOf !== undefined && { multipleOf })
})

/** How each engine of `engine-descriptions.ts` is made. */
const FACTORIES: ReadonlyMap<EngineDescription, EngineFactory> = new Map([
  [DEMO, (_settings, { options }) => createDemoEngine({ stepTimeMs: options.durationMs('step_time') ?? 50 })],
  [
    COMFYUI,
    (settings, { options, models }) => {
      const givesWay = options.flag('yield')
      const freeAfterMs = options.durationMs('free_after')
      const previews = options.choice('previews', ['default', 'none', 'auto', 'latent2rgb', 'taesd'])
      const keepFiles = options.flag('keep_files')
      return createComfyEngine({
        ...serverOf(settings),
        ...(settings.sender !== undefined && { sender: settings.sender }),
        sizes: sizesOf(settings),
        models: models.map((model) =>
          inModel(model.servedAs, () => readModelSettings(model.servedAs, model.options, settings.folder))
        ),
        ...(givesWay !== undefined && { givesWay }),
        ...(freeAfterMs !== undefined && { freeAfterMs }),
        ...(previews === 'default' ? {} : { previews: previews ?? 'latent2rgb' }),
        ...(keepFiles !== undefined && { keepFiles })
      })
    }
  ],
  [
    AUTOMATIC1111,
    (settings, { options }) => {
      const loras = options.names('loras')
      const dedicated = options.flag('dedicated')
      return createAutomatic1111Engine({
        ...serverOf(settings),
        sizes: sizesOf(settings),
        parameters: readOwnerParameters(options.mapping('parameters')),
        ...(loras && { loras }),
        ...(dedicated !== undefined && { dedicated })
      })
    }
  ],
  [
    SWARMUI,
    (settings, { options, models }) => {
      const read = (from: EngineOptions) => {
        const loras = from.names('loras')
        const edits = from.choice('edits', ['image', 'reference'])
        const parameters = readSwarmParameters(from.mapping('parameters'))
        return { parameters, ...(loras && { loras }), ...(edits && { edits }) }
      }
      return createSwarmEngine({
        ...serverOf(settings),
        sizes: sizesOf(settings),
        ...read(options),
        models: models.map((model) => ({
          name: model.servedAs,
          ...inModel(model.servedAs, () => read(model.options))
        }))
      })
    }
  ],
  [
    INVOKEAI,
    (settings, { options, models }) => {
      const loras = options.names('loras')
      return createInvokeEngine({
        ...serverOf(settings),
        sizes: sizesOf(settings),
        ...(loras && { loras }),
        models: models.map(({ servedAs, options: own }) =>
          inModel(servedAs, () => {
            const ownLoras = own.names('loras')
            const steps = own.number('steps', { min: 1, max: 1000, isInteger: true })
            const guidanceScale = own.number('guidance_scale', { min: 0, max: 100 })
            const scheduler = own.text('scheduler', 100)
            return {
              name: servedAs,
              ...(ownLoras && { loras: ownLoras }),
              ...(steps !== undefined && { steps }),
              ...(guidanceScale !== undefined && { guidanceScale }),
              ...(scheduler !== undefined && { scheduler })
            }
          })
        )
      })
    }
  ],
  [
    SDCPP,
    (settings, { options }) => {
      const loras = options.names('loras')
      const edits = options.choice('edits', ['image', 'reference'])
      return createSdcppEngine({
        ...serverOf(settings),
        sizes: sizesOf(settings),
        parameters: readSdcppParameters(options.mapping('parameters')),
        ...(loras && { loras }),
        ...(edits && { edits })
      })
    }
  ],
  [
    OPENAI,
    (settings, { options }) => {
      const responseFormat = options.choice('response_format', ['omit', 'b64_json'])
      const editsField = options.choice('edits_field', ['image', 'image[]'])
      const mask = options.choice('mask', ['openai-alpha', 'white-edit', 'none'])
      const edits = options.choice('edits', ['form', 'json', 'files', 'none'])
      const previews = options.number('previews', { min: 0, max: 3, isInteger: true })
      const named = options.choice('profile', PROFILE_NAMES)
      const server = serverOf(settings)
      const known = named ? PROFILES[named] : profileOfAddress(server.baseUrl)
      return createOpenAIEngine({
        ...withKeyHeader(server, known),
        ...(settings.downloadFrom && { downloadFrom: settings.downloadFrom }),
        sizes: sizesOf(settings),
        profile: {
          ...known,
          ...(responseFormat && { responseFormat }),
          ...(editsField && { editsField }),
          ...(mask && { mask }),
          ...(edits && { edits })
        },
        ...(previews !== undefined && { previews }),
        ...(!known && { identify: (list: string) => identifyProfile({ ...server, url: server.baseUrl }, list) })
      })
    }
  ]
])

/** Throws `EngineOptionError` for options the engine does not have, or cannot read. */
export function createEngine(name: string, settings: EngineSettings): Engine {
  const found = [...FACTORIES].find(([description]) => description.name === name)
  if (!found) throw new Error(`there is no engine '${name}'`)
  const [{ options, modelOptions = [] }, create] = found
  const names = (known: readonly EngineOption[]) => known.map((option) => option.name)
  checkDistinct(settings.models)
  return create(settings, {
    options: new EngineOptions(settings.options, names(options)),
    models: settings.models.map(({ servedAs, options: own }) => ({
      servedAs,
      options: inModel(servedAs, () => new EngineOptions(own, names(modelOptions)))
    }))
  })
}

/** An engine is asked for a model by its own name for it, so that of two of one name it would not know whose options apply. */
function checkDistinct(models: readonly ServedModel[]): void {
  const twice = models.find(
    ({ servedAs, options }, index) =>
      Object.keys(options).length > 0 && models.some((other, at) => at !== index && other.servedAs === servedAs)
  )
  if (twice) throw new EngineOptionError(`two models are served as '${twice.servedAs}', and one of them has options`)
}

function inModel<T>(servedAs: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof EngineOptionError ? new EngineOptionError(`model '${servedAs}': ${error.message}`) : error
  }
}
