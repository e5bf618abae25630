import { afterEach, expect } from 'vitest'
import type { ImageTask } from '../../src/images/image-request.ts'
import type { Engine } from '../../src/engines/engine.ts'
import { createOpenAIEngine, type OpenAIEngineOptions } from '../../src/engines/openai/openai-engine.ts'
import { createTestRun } from './engine-run.ts'
import type { FakeBehaviour } from './fake-openai-behaviours.ts'
import { type FakeOpenAIOptions, type FakeOpenAIServer, startFakeOpenAIServer } from './fake-openai-server.ts'

/** A generation of a fox. */
export const task = (more: Partial<ImageTask> = {}): ImageTask => ({
  kind: 'generation',
  model: 'fake-image',
  prompt: 'a fox',
  seed: 4_294_967_295,
  inputs: [],
  extra: {},
  ...more
})

/** What one test does with an engine and the fake server it drives, once `start` has been called; both are closed after it. */
export function useOpenAIEngine() {
  let server: FakeOpenAIServer
  let engine: Engine
  afterEach(async () => {
    await engine.close?.()
    await server.close()
  })
  const generate = (more: Partial<ImageTask> = {}) => engine.generate(task(more), createTestRun())
  return {
    get server() {
      return server
    },
    get engine() {
      return engine
    },
    start: async (fake: FakeOpenAIOptions = {}, options: Partial<OpenAIEngineOptions> = {}): Promise<void> => {
      server = await startFakeOpenAIServer({ defaultSize: { width: 64, height: 64 }, ...fake })
      engine = createOpenAIEngine({ baseUrl: server.url, maxImageBytes: 1_000_000, ...options })
    },
    generate,
    failing: async (behaviour: FakeBehaviour, more: Partial<ImageTask> = {}) => {
      server.setBehaviour({ default: behaviour })
      return expect(generate(more)).rejects
    }
  }
}
