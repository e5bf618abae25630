import { createDemoEngine } from './demo/demo-engine.ts'
import type { Engine } from './engine.ts'
import { EngineOptions } from './engine-options.ts'
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

/** Adding an engine is its folder and one entry here. */
const ENGINES = {
  demo: (_settings, options) => createDemoEngine({ stepTimeMs: options.durationMs('step_time') ?? 50 }),
  openai: ({ url, apiKey, headers, downloadFrom, maxPixels, multipleOf, maxImageBytes }, options) => {
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
} satisfies Record<string, EngineFactory>

export const ENGINE_NAMES = Object.keys(ENGINES)

/** Throws `EngineOptionError` for options the engine does not have. */
export function createEngine(name: string, settings: EngineSettings): Engine {
  const factory = (ENGINES as Record<string, EngineFactory>)[name]
  if (!factory) throw new Error(`there is no engine '${name}'`)
  const options = new EngineOptions(settings.options)
  const engine = factory(settings, options)
  options.done()
  return engine
}
