import { buffer } from 'node:stream/consumers'
import { afterEach, expect } from 'vitest'
import type { Engine } from '../../src/engines/engine.ts'
import { createSwarmEngine, type SwarmOptions } from '../../src/engines/swarmui/swarmui-engine.ts'
import type { ImageTask } from '../../src/images/image-request.ts'
import { createTestRun } from './engine-run.ts'
import { type FakeSwarm, type FakeSwarmOptions, startFakeSwarm } from './fake-swarmui.ts'

/** A generation of a fox by a model of the fake. */
export const foxTask = (more: Partial<ImageTask> = {}): ImageTask => ({
  kind: 'generation',
  model: 'fake-image',
  prompt: 'a fox',
  seed: 7,
  size: { width: 128, height: 64 },
  steps: 4,
  inputs: [],
  extra: {},
  ...more
})

/** What one test does with an engine and the fake SwarmUI it drives, once `start` was called. */
export function useSwarmEngine() {
  let server: FakeSwarm
  let engine: Engine
  afterEach(async () => {
    await engine.close?.()
    await server.close()
  })
  const generate = async (
    more: Partial<ImageTask> = {},
    options: { signal?: AbortSignal; inputs?: Record<string, Uint8Array> } = {}
  ) => {
    const run = createTestRun(options)
    const image = await engine.generate(foxTask(more), run)
    return { ...image, png: await buffer(image.bytes), run }
  }
  return {
    get server() {
      return server
    },
    get engine() {
      return engine
    },
    start: async (fake: FakeSwarmOptions = {}, options: Partial<SwarmOptions> = {}): Promise<void> => {
      server = await startFakeSwarm(fake)
      engine = createSwarmEngine({
        baseUrl: server.url,
        maxImageBytes: 1_000_000,
        models: [],
        ...options,
        times: { stopMs: 20, ...options.times }
      })
    },
    generate,
    failing: (more: Partial<ImageTask> = {}) => expect(generate(more)).rejects,
    /** What the last job was sent with. */
    sent: () => server.state().jobs.at(-1)!
  }
}
