import { expect, it } from 'vitest'
import type { AgentModelConfig, AgentServiceConfig } from '../config/agent-config.ts'
import type { Inventory, StoredModel } from '../engines/inventory.ts'
import type { ServiceOffered } from '../protocol/service-offers.ts'
import type { AgentService } from './agent-services.ts'
import { OwnerOffers } from './owner-offers.ts'

const own = { id: 'own', servedAs: 'own.safetensors', features: [] }

function arrange(stored: StoredModel[] | undefined, config: Partial<AgentServiceConfig> = { foundModels: 'offer' }) {
  const told: ServiceOffered[] = []
  const offered: AgentModelConfig[][] = []
  let found: Inventory | undefined = stored && { models: stored, loras: [] }
  const service = { config: { name: 'rig', engine: 'comfyui', models: [own], ...config } } as AgentService
  const offers = new OwnerOffers({
    ofFile: () => new Map([['rig', service]]),
    offer: (_name, models) => offered.push(models),
    foundOn: () => found,
    send: (answer) => told.push(answer)
  })
  const hear = (revision: number, ...models: string[]) =>
    offers.hear({ type: 'service.offer', service: 'rig', revision, models })
  const find = (models: StoredModel[]) => {
    found = { models, loras: [] }
    offers.review('rig')
  }
  return { offers, hear, find, told, offered }
}

it('what lies there is offered by its name, with what is usual for the engine or known of it', () => {
  const { hear, told, offered } = arrange([
    { servedAs: 'sub/a b.safetensors', name: 'a b' },
    { servedAs: 'plain', features: ['generate'] }
  ])
  hear(3, 'sub/a b.safetensors', 'plain', 'plain')
  const usual = ['generate', 'edit', 'mask', 'negative_prompt', 'seed', 'preview']
  expect(told).toEqual([
    {
      ...{ type: 'service.offered', service: 'rig', revision: 3, refused: [] },
      models: [
        { name: 'sub/a b.safetensors', id: 'a-b', features: usual },
        { name: 'plain', id: 'plain', features: ['generate'] }
      ]
    }
  ])
  expect(offered).toEqual([
    [
      { id: 'a-b', servedAs: 'sub/a b.safetensors', features: usual },
      { id: 'plain', servedAs: 'plain', features: ['generate'] }
    ]
  ])
})

it.each([
  ['is not there', [], 'no model of that name'],
  ['lacks its parts', [{ servedAs: 'x', isIncomplete: true as const }], 'VAE'],
  ['is in the file', [{ servedAs: 'x', name: 'own.safetensors' }], "already, as 'own'"],
  ['would be called as one of the file', [{ servedAs: 'x', name: 'own' }], "called 'own'"],
  ['has no name for callers', [{ servedAs: 'x', name: '!!' }], 'Nothing of its name']
])('what %s is refused, and why', (what, stored, why) => {
  const { hear, told, offered } = arrange(stored)
  const taken = what === 'would be called as one of the file'
  hear(1, 'x')
  // Of one whose short name is taken the whole name counts.
  if (taken) return expect(told[0]?.models[0]?.id).toBe('x')
  expect(told[0]).toMatchObject({ models: [], refused: [{ name: 'x', text: expect.stringContaining(why) as string }] })
  expect(offered.at(-1)).toEqual([])
})

it.each(['show', 'hide', undefined] as const)('the file decides: nothing with found_models %s', (foundModels) => {
  const { hear, told, offered } = arrange([{ servedAs: 'x' }], foundModels ? { foundModels } : {})
  hear(1, 'x')
  expect(told[0]).toMatchObject({ models: [], refused: [{ name: 'x' }] })
  expect(offered.flat()).toEqual([])
})

it('of two with one name both have their own', () => {
  const { hear, told } = arrange([
    { servedAs: 'a/m.safetensors', name: 'm' },
    { servedAs: 'b/m.safetensors', name: 'm' }
  ])
  hear(1, 'a/m.safetensors', 'b/m.safetensors')
  expect(told[0]?.models.map(({ id }) => id)).toEqual(['m', 'b/m.safetensors'])
})

it('the answer waits for what lies there, and what was refused is looked at again; what is accepted stays', () => {
  const { hear, find, told, offered, offers } = arrange(undefined)
  hear(1, 'x', 'y')
  expect(told).toEqual([])
  find([{ servedAs: 'x' }])
  expect(told.at(-1)).toMatchObject({ models: [{ id: 'x' }], refused: [{ name: 'y' }] })
  find([{ servedAs: 'y' }])
  expect(told.at(-1)).toMatchObject({ models: [{ id: 'x' }, { id: 'y' }], refused: [] })
  find([{ servedAs: 'y' }])
  expect(told).toHaveLength(2)
  hear(2, 'y')
  expect(told.at(-1)).toMatchObject({ revision: 2, models: [{ id: 'y' }] })
  offers.forget()
  expect(offered.at(-1)).toEqual([])
  hear(3)
  expect(told.at(-1)).toMatchObject({ revision: 3, models: [] })
})

it('a service that is not there is not spoken of', () => {
  const { offers, told } = arrange([])
  offers.hear({ type: 'service.offer', service: 'nobody', revision: 1, models: ['x'] })
  expect(told).toEqual([])
})
