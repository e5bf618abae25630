import { expect, it } from 'vitest'
import type { Engine } from '../engines/engine.ts'
import { type AgentService, declarationOf, idsOfLoaded } from './agent-services.ts'

/** A service whose models are served as these; two of the same letter at the beginning need the same weights. */
const service = (names: string[], engine: Partial<Engine> = { weightsOf: (name) => name.charAt(0) }): AgentService => ({
  engine: engine as Engine,
  config: {
    ...{ name: 'rig', type: 'image', concurrency: 1, prefetch: 1, timeoutMs: 1, access: 'members', options: {} },
    models: names.map((servedAs, index) => ({ id: `model ${index}`, servedAs, features: ['generate'] }))
  }
})
const weightsOf = (one: AgentService) => declarationOf(one).models.map(({ weights }) => weights)

it('models that need the same have the same number, and others none', () => {
  expect(weightsOf(service(['xl', 'flux', 'xl with a LoRA', 'sd']))).toEqual([0, undefined, 0, undefined])
  expect(weightsOf(service(['a', 'b', 'b2', 'a2', 'b3']))).toEqual([0, 1, 1, 0, 1])
})

it('without a word of the engine those that are served as the same need the same', () => {
  expect(weightsOf(service(['xl', 'flux', 'xl'], {}))).toEqual([0, undefined, 0])
})

it('nothing of what it is served as is told', () => {
  expect(JSON.stringify(declarationOf(service(['secret.safetensors', 'secret two'])))).not.toContain('secret')
})

it('of models that need the same all are loaded when one is', () => {
  const all = service(['xl', 'flux', 'xl with a LoRA'])
  expect(idsOfLoaded(all, (name) => name === 'xl')).toEqual(['model 0', 'model 2'])
  expect(idsOfLoaded(all, () => false)).toEqual([])
})
