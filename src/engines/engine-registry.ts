import { AUTOMATIC1111 } from './automatic1111/automatic1111-description.ts'
import { createAutomatic1111Engine } from './automatic1111/automatic1111-engine.ts'
import { readOwnerParameters } from './automatic1111/owner-parameters.ts'
import { createDemoEngine } from './demo/demo-engine.ts'
import { DEMO } from './demo/demo-description.ts'
import type { SizeRules } from '../images/sizes.ts'
import type { Engine } from './engine.ts'
import type { EngineDescription } from './engine-description.ts'
import { EngineOptions } from './engine-options.ts'
import { OPENAI } from './openai/openai-description.ts'
import { createOpenAIEngine } from './openai/openai-engine.ts'

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
  options: Record<string, unknown>
  maxImageBytes: number
}

type EngineFactory = (settings: EngineSettings, options: EngineOptions) => Engine

const serverOf = ({ url, apiKey, headers, maxImageBytes }: EngineSettings) => ({
  baseUrl: url ?? '',
  ...(apiKey !== undefined && { apiKey }),
  ...(headers && { headers }),
  maxImageBytes
})

const sizesOf = ({ maxPixels, multipleOf }: EngineSettings): Partial<SizeRules> => ({
  ...(maxPixels !== undefined && { maxPixels }),
  ...(multipleOf !== undefined && { multipleOf })
})

/** How each engine of `engine-descriptions.ts` is made. */
const FACTORIES: ReadonlyMap<EngineDescription, EngineFactory> = new Map([
  [DEMO, (_settings, options) => createDemoEngine({ stepTimeMs: options.durationMs('step_time') ?? 50 })],
  [
    AUTOMATIC1111,
    (settings, options) => {
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
    OPENAI,
    (settings, options) => {
      const responseFormat = options.choice('response_format', ['omit', 'b64_json'])
      const editsField = options.choice('edits_field', ['image', 'image[]'])
      const maskMode = options.choice('mask', ['openai-alpha', 'white-edit'])
      return createOpenAIEngine({
        ...serverOf(settings),
        ...(settings.downloadFrom && { downloadFrom: settings.downloadFrom }),
        sizes: sizesOf(settings),
        profile: {
          ...(responseFormat && { responseFormat }),
          ...(editsField && { editsField }),
          ...(maskMode && { maskMode })
        }
      })
    }
  ]
])

/** Throws `EngineOptionError` for options the engine does not have. */
export function createEngine(name: string, settings: EngineSettings): Engine {
  const found = [...FACTORIES].find(([description]) => description.name === name)
  if (!found) throw new Error(`there is no engine '${name}'`)
  const [description, create] = found
  return create(
    settings,
    new EngineOptions(
      settings.options,
      description.options.map((option) => option.name)
    )
  )
}
