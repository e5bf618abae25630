import { randomInt } from 'node:crypto'
import { type Engine, EngineError, type Warmed } from './engine.ts'

/** The smallest side that all of them draw. */
const SIDE = 64
const SEEDS = 2 ** 32

/**
 * Has an engine make the smallest picture in one step and keeps nothing of it: for that its server loads the model. The seed
 * is drawn, for a server that remembers what it made of the same call would load nothing.
 */
export async function makeSmallest(generate: Engine['generate'], model: string, signal: AbortSignal): Promise<Warmed> {
  const size = { width: SIDE, height: SIDE }
  const seed = randomInt(SEEDS)
  const image = await generate(
    { kind: 'generation', model, prompt: '', seed, size, steps: 1, inputs: [], extra: {} },
    {
      signal,
      input: (name) => Promise.reject(new EngineError('bad_request', `There is no '${name}'.`)),
      onWaiting: () => undefined,
      onBegun: () => undefined,
      onProgress: () => undefined,
      onPreview: () => undefined
    }
  )
  image.bytes.destroy()
  return 'warmed'
}
