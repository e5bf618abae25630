import { afterEach, expect } from 'vitest'
import { buffer } from 'node:stream/consumers'
import { type ComfyEngineOptions, createComfyEngine } from '../../src/engines/comfyui/comfyui-engine.ts'
import type { ModelSettings } from '../../src/engines/comfyui/model-settings.ts'
import type { Engine, EngineImage } from '../../src/engines/engine.ts'
import type { ImageTask } from '../../src/images/image-request.ts'
import { createTestRun, type TestRun } from './engine-run.ts'
import { type FakeComfyOptions, type FakeComfyServer, startFakeComfy } from './fake-comfyui-server.ts'
import { type Pixels, readPixels } from './fake-openai-pictures.ts'

/** Short, so that what a real server is waited for is tested without waiting. */
export const QUICK = { quietMs: 150, pollMs: 30, awayMs: 300, patienceMs: 10_000 }

/** A generation of a fox with a checkpoint of the fake. */
export const task = (more: Partial<ImageTask> = {}): ImageTask => ({
  kind: 'generation',
  model: 'sd15',
  prompt: 'a fox',
  seed: 4_294_967_295,
  size: { width: 64, height: 48 },
  steps: 3,
  inputs: [],
  extra: {},
  ...more
})

export interface MadePicture extends EngineImage {
  pixels: Pixels
  run: TestRun
}

/** What one test does with an engine and the fake server it drives; both are closed after it. */
export function useComfyEngine() {
  let server: FakeComfyServer
  const engines: Engine[] = []
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close?.()
    await server.close()
  })
  const engine = () => engines.at(-1)!
  const generate = async (
    more: Partial<ImageTask> = {},
    given: { inputs?: Record<string, Uint8Array>; signal?: AbortSignal } = {}
  ): Promise<MadePicture> => {
    const run = createTestRun(given)
    const image = await engine().generate(task(more), run)
    return { ...image, pixels: await readPixels(await buffer(image.bytes)), run }
  }
  return {
    get server() {
      return server
    },
    get engine() {
      return engine()
    },
    start: async (
      fake: FakeComfyOptions = {},
      {
        models = [],
        ...options
      }: Partial<Omit<ComfyEngineOptions, 'models'>> & { models?: Partial<ModelSettings>[] } = {}
    ): Promise<void> => {
      server = await startFakeComfy(fake)
      engines.push(
        createComfyEngine({
          baseUrl: server.url,
          maxImageBytes: 1_000_000,
          times: QUICK,
          models: models.map((model) => ({ name: 'sd15', loras: new Map(), ...model })),
          ...options
        })
      )
    },
    generate,
    failing: (more: Partial<ImageTask> = {}) => expect(generate(more)).rejects,
    /** The graph of the job that was sent last. */
    lastGraph: () => {
      const call = server.calls.findLast(({ path, method }) => method === 'POST' && path === '/prompt')
      return call?.json?.prompt as Record<string, { class_type: string; inputs: Record<string, unknown> }>
    }
  }
}
