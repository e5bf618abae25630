import { buffer } from 'node:stream/consumers'
import { afterEach, expect } from 'vitest'
import type { Engine } from '../../src/engines/engine.ts'
import { createInvokeEngine, type InvokeOptions } from '../../src/engines/invokeai/invokeai-engine.ts'
import type { ImageTask } from '../../src/images/image-request.ts'
import { createTestRun } from './engine-run.ts'
import { type FakeInvoke, type FakeInvokeOptions, startFakeInvoke } from './fake-invokeai.ts'

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

/** What one test does with an engine and the fake InvokeAI it drives, once `start` was called. */
export function useInvokeEngine() {
  let server: FakeInvoke
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
    start: async (fake: FakeInvokeOptions = {}, options: Partial<InvokeOptions> = {}): Promise<void> => {
      server = await startFakeInvoke(fake)
      engine = createInvokeEngine({
        baseUrl: server.url,
        maxImageBytes: 1_000_000,
        models: [],
        ...options,
        times: { pollMs: 10, awayMs: 200, ...options.times }
      })
    },
    generate,
    failing: (more: Partial<ImageTask> = {}) => expect(generate(more)).rejects,
    /** The node of the last graph that has this type; undefined when it has none. */
    node: (type: string) => Object.values(server.state().graphs.at(-1)!.nodes).find((node) => node.type === type),
    /** Edges of the last graph, as `from.output → to.input`. */
    edges: () =>
      server
        .state()
        .graphs.at(-1)!
        .edges.map(
          ({ source, destination }) => `${source.node_id}.${source.field} → ${destination.node_id}.${destination.field}`
        )
  }
}
