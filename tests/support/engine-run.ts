import { Readable } from 'node:stream'
import type { EngineRun } from '../../src/engines/engine.ts'

export interface TestRun extends EngineRun {
  /** How often the engine said that its server has begun. */
  begun: number
  /** How often the engine said that it waits there. */
  waited: number
  /** What the engine told, in order. */
  progress: { step: number; steps: number }[]
  previews: { bytes: Uint8Array; mediaType: string }[]
}

/** What an agent hands to an engine; `inputs` by name, in pieces as from a network. */
export function createTestRun(options: { signal?: AbortSignal; inputs?: Record<string, Uint8Array> } = {}): TestRun {
  const progress: TestRun['progress'] = []
  const previews: TestRun['previews'] = []
  const run: TestRun = {
    signal: options.signal ?? new AbortController().signal,
    input: async (name) => {
      const bytes = options.inputs?.[name]
      if (!bytes) throw new Error(`The engine asked for '${name}', which the task does not have`)
      const middle = Math.ceil(bytes.length / 2)
      return Readable.from([Buffer.from(bytes.subarray(0, middle)), Buffer.from(bytes.subarray(middle))])
    },
    begun: 0,
    waited: 0,
    onWaiting: () => void (run.waited += 1),
    onBegun: () => void (run.begun += 1),
    onProgress: (step, steps) => void progress.push({ step, steps }),
    onPreview: (bytes, mediaType) => void previews.push({ bytes, mediaType }),
    progress,
    previews
  }
  return run
}
