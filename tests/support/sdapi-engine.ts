import { buffer } from 'node:stream/consumers'
import { afterEach } from 'vitest'
import {
  type Automatic1111Options,
  createAutomatic1111Engine
} from '../../src/engines/automatic1111/automatic1111-engine.ts'
import type { Engine } from '../../src/engines/engine.ts'
import type { ImageTask } from '../../src/images/image-request.ts'
import { createTestRun } from './engine-run.ts'
import { type FakeSdapi, type FakeSdapiOptions, startFakeSdapi } from './fake-sdapi.ts'

/** A generation of a fox by the fake's checkpoint. */
export const foxTask = (more: Partial<ImageTask> = {}): ImageTask => ({
  kind: 'generation',
  model: 'dream',
  prompt: 'a fox',
  seed: 7,
  size: { width: 64, height: 48 },
  inputs: [],
  extra: {},
  ...more
})

/** What one test does with an engine and the fake stable-diffusion-webui it drives, once `start` was called. */
export function useSdapiEngine() {
  let server: FakeSdapi
  let engine: Engine
  afterEach(async () => {
    await engine.close?.()
    await server.close()
  })
  return {
    get server() {
      return server
    },
    get engine() {
      return engine
    },
    start: async (fake: FakeSdapiOptions = {}, options: Partial<Automatic1111Options> = {}): Promise<void> => {
      server = await startFakeSdapi(fake)
      engine = createAutomatic1111Engine({ baseUrl: server.url, maxImageBytes: 1_000_000, pollMs: 5, ...options })
    },
    /** The image, with its bytes, and what was told of it meanwhile. */
    generate: async (
      more: Partial<ImageTask> = {},
      options: { signal?: AbortSignal; inputs?: Record<string, Uint8Array> } = {}
    ) => {
      const run = createTestRun(options)
      const image = await engine.generate(foxTask(more), run)
      return { ...image, png: await buffer(image.bytes), run }
    },
    /** What the last image call sent. */
    sent: () => server.state().calls.at(-1)!.body
  }
}
