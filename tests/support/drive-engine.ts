import { buffer } from 'node:stream/consumers'
import { afterEach, expect } from 'vitest'
import type { Engine } from '../../src/engines/engine.ts'
import type { ImageTask } from '../../src/images/image-request.ts'
import { createTestRun, type TestRun } from './engine-run.ts'

interface FakeServer {
  url: string
  close(): Promise<void>
}

/** What every engine is made with in its tests. */
export interface AtFake {
  baseUrl: string
  maxImageBytes: number
}

/** A generation of a fox, by a model of a fake server. */
export const foxTask =
  (of: Pick<ImageTask, 'model' | 'size' | 'steps'>) =>
  (more: Partial<ImageTask> = {}): ImageTask => ({
    kind: 'generation',
    prompt: 'a fox',
    seed: 7,
    inputs: [],
    extra: {},
    ...of,
    ...more
  })

/** What one test does with an engine and the fake server it drives, once `start` was called; both are closed after it. */
export function driveEngine<Fake extends FakeServer, FakeOptions extends object, Options extends object>(how: {
  task: (more: Partial<ImageTask>) => ImageTask
  startFake: (options: FakeOptions) => Promise<Fake>
  create: (at: AtFake, options: Partial<Options>) => Engine
}) {
  let server: Fake
  let engine: Engine
  afterEach(async () => {
    await engine.close?.()
    await server.close()
  })
  /** The image, with its bytes, and what was told of it meanwhile. */
  const generate = async (
    more: Partial<ImageTask> = {},
    options: { signal?: AbortSignal; inputs?: Record<string, Uint8Array>; run?: TestRun } = {}
  ) => {
    const run = options.run ?? createTestRun(options)
    const image = await engine.generate(how.task(more), run)
    return { ...image, png: await buffer(image.bytes), run }
  }
  return {
    get server() {
      return server
    },
    get engine() {
      return engine
    },
    start: async (fake: Partial<FakeOptions> = {}, options: Partial<Options> = {}): Promise<void> => {
      server = await how.startFake(fake as FakeOptions)
      engine = how.create({ baseUrl: server.url, maxImageBytes: 1_000_000 }, options)
    },
    generate,
    failing: (more: Partial<ImageTask> = {}) => expect(generate(more)).rejects
  }
}
