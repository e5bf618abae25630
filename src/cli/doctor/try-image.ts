import { AGENT_LIMITS } from '../../agent/run-agent.ts'
import { prepareImage } from '../../agent/prepare-image.ts'
import { readBounded } from '../../agent/read-bounded.ts'
import { EngineError } from '../../engines/engine.ts'
import { createEngine } from '../../engines/engine-registry.ts'
import { mayGetKey } from '../../engines/identify-server.ts'
import type { Usable } from './usable.ts'
import { cleanText } from '../../lib/clean-text.ts'

/** A model that has to be loaded first takes its time. */
const TRY_FOR_MS = 240_000

export interface Trial {
  worked: boolean
  /** For people. */
  text: string
}

/** Has a server make one small image with its first model, and looks at it. */
export async function tryImage({ sighting, recognised }: Usable, model: string): Promise<Trial> {
  const { url, apiKey, engine: writtenFor, headers } = sighting
  const { maxImageBytes, maxPixels } = AGENT_LIMITS
  const engine = createEngine(recognised.engine.name, {
    url,
    ...(apiKey !== undefined && mayGetKey(recognised.engine.name, writtenFor) && { apiKey }),
    ...(headers && { headers }),
    options: recognised.options ?? {},
    models: [{ servedAs: model, options: {} }],
    folder: '.',
    maxImageBytes
  })
  const signal = AbortSignal.timeout(TRY_FOR_MS)
  const began = performance.now()
  try {
    const made = await engine.generate(
      {
        kind: 'generation',
        model,
        prompt: 'a red fox in the snow',
        seed: 7,
        size: { width: 512, height: 512 },
        steps: 4,
        unasked: ['seed', 'size', 'steps'],
        inputs: [],
        extra: {}
      },
      {
        signal,
        input: () => Promise.reject(new Error('there is no input')),
        onWaiting: () => undefined,
        onBegun: () => undefined,
        onProgress: () => undefined,
        onPreview: () => undefined
      }
    )
    const image = await prepareImage(await readBounded(made.bytes, maxImageBytes, signal), {}, { maxPixels, signal })
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    return { worked: true, text: `made ${image.width}x${image.height} in ${seconds} s` }
  } catch (error) {
    if (signal.aborted) return { worked: false, text: `no image within ${TRY_FOR_MS / 1000} s` }
    const reason = error instanceof EngineError ? error.message : 'its answer cannot be read'
    return { worked: false, text: `failed: ${cleanText(reason, 200)}` }
  } finally {
    await engine.close?.()
  }
}
