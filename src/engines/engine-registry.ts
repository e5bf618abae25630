import { createDemoEngine } from './demo/demo-engine.ts'
import { DEMO } from './demo/demo-description.ts'
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

/** How each engine of `engine-descriptions.ts` is made. */
const FACTORIES: ReadonlyMap<EngineDescription, EngineFactory> = new Map([
  [DEMO, (_settings, options) => createDemoEngine({ stepTimeMs: options.durationMs('step_time') ?? 50 })],
  [
    OPENAI,
    ({ url, apiKey, headers, downloadFrom, maxPixels, multipleOf, maxImageBytes }, options) => {
      const responseFormat = options.choice('response_format', ['omit', 'b64_json'])
      const editsField = options.choice('edits_field', ['image', 'image[]'])
      const maskMode = options.choice('mask', ['openai-alpha', 'white-edit'])
      return createOpenAIEngine({
        baseUrl: url ?? '',
        ...(apiKey !== undefined && { apiKey }),
        ...(headers && { headers }),
        ...(downloadFrom && { downloadFrom }),
        maxImageBytes,
        sizes: { ...(maxPixels !== undefined && { maxPixels }), ...(multipleOf !== undefined && { multipleOf }) },
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
