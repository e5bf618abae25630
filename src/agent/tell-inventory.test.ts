import { describe, expect, it } from 'vitest'
import type { AgentServiceConfig } from '../config/agent-config.ts'
import type { Engine } from '../engines/engine.ts'
import { readAgentMessage } from '../protocol/messages.ts'
import { inventoryBytes, MAX_INVENTORY_BYTES } from '../protocol/service-inventory.ts'
import { tellInventory } from './tell-inventory.ts'

const models = [
  { id: 'flux', servedAs: 'flux.safetensors', features: [] },
  { id: 'toy', servedAs: 'toy', features: [] }
]
const service = (config: Partial<AgentServiceConfig> = {}, lorasFor?: Engine['lorasFor']) => ({
  config: { name: 'rig', models, ...config } as AgentServiceConfig,
  engine: { name: 'x', ...(lorasFor && { lorasFor }) } as Engine
})
const many = (count: number, name: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => name(index))

describe('an inventory', () => {
  it('says which model serves what, and which LoRAs callers may name with it', () => {
    const found = {
      models: [
        { servedAs: 'sub/flux.safetensors', name: 'flux', bytes: 12 },
        { servedAs: 'spare.ckpt', isIncomplete: true as const }
      ],
      loras: ['film', 'ink'],
      memory: { free: 300 * 1024 ** 2, total: 24e9 }
    }
    const told = tellInventory(
      service({}, (model, loras) => (model === 'toy' ? [] : [...loras])),
      found
    )
    expect(told).toEqual({
      type: 'service.inventory',
      service: 'rig',
      models: [
        { name: 'sub/flux.safetensors', bytes: 12, serves: ['flux'] },
        { name: 'spare.ckpt', incomplete: true, serves: [] }
      ],
      loras: ['film', 'ink'],
      more_models: 0,
      more_loras: 0,
      memory: { free: 256 * 1024 ** 2, total: 24e9 },
      usable_loras: [{ models: ['flux'], loras: ['film', 'ink'] }]
    })
    expect(readAgentMessage(JSON.stringify(told)).problem).toBeUndefined()
  })

  it('names what is offered though its name does not tell that it makes images, and counts the others', () => {
    const found = { models: [], unclearModels: ['toy:latest', 'llama3', 'whisper'], loras: [] }
    expect(tellInventory(service(), found)).toMatchObject({
      models: [{ name: 'toy:latest', serves: ['toy'] }],
      more_models: 2
    })
    expect(tellInventory(service(), { ...found, unclearModels: ['toy'] })).toMatchObject({ more_models: 0 })
    expect(tellInventory(service({ foundModels: 'hide' }), found)).toMatchObject({ models: [], more_models: 0 })
  })

  it('names nothing that its owner keeps back, but the LoRAs that they let callers name', () => {
    const found = { models: [{ servedAs: 'secret' }], loras: ['film', 'mine'], memory: { free: 1, total: 2 } }
    const told = tellInventory(
      service({ foundModels: 'hide' }, () => ['film']),
      found
    )
    expect(JSON.stringify(told)).not.toMatch(/secret|mine|memory/)
    expect(told).toMatchObject({ models: [], loras: [], more_models: 0, more_loras: 0 })
    expect(told.usable_loras).toEqual([{ models: ['flux', 'toy'], loras: ['film'] }])
  })

  it.each([200, 201])('says of a list of LoRAs that it is not all of them: %d', (count) => {
    const loras = many(count, (index) => `l${index}`)
    const told = tellInventory(
      service({}, (_model, found) => [...found]),
      { models: [], loras }
    )
    expect(told.usable_loras.map((list) => [list.loras.length, list.more ?? false])).toEqual([[200, count > 200]])
  })

  it.each([50, 51])('leaves no model without a list that has LoRAs: %d', (count) => {
    const loras = many(count, (index) => `l${index}`)
    const models = loras.map((servedAs, index) => ({ id: `m${index}`, servedAs, features: [] }))
    const told = tellInventory(
      service({ models }, (model) => [model]),
      { models: [], loras }
    )
    expect(told.usable_loras).toHaveLength(50)
    expect(told.usable_loras.flatMap(({ models: ids }) => ids)).toEqual(models.map(({ id }) => id))
    expect(told.usable_loras.at(-1)).toEqual(
      count === 50 ? { models: ['m49'], loras: ['l49'] } : { models: ['m49', 'm50'], loras: [], more: true }
    )
  })

  it('leaves out and counts what is no name', () => {
    const loras = ['x'.repeat(200), 'x'.repeat(201), 'a\x1b[2Jb', '']
    const told = tellInventory(service(), { models: loras.map((servedAs) => ({ servedAs })), loras })
    expect(told.loras).toEqual(['x'.repeat(200)])
    expect(told.models).toHaveLength(1)
    expect(told).toMatchObject({ more_models: 3, more_loras: 3 })
  })

  it.each([200, 201])('holds two hundred models and no more: %d', (count) => {
    const found = { models: many(count, (index) => `m${index}`).map((servedAs) => ({ servedAs })), loras: [] }
    const told = tellInventory(service(), found)
    expect(told.models).toHaveLength(200)
    expect(told.more_models).toBe(count - 200)
    expect(readAgentMessage(JSON.stringify(told)).problem).toBeUndefined()
  })

  it('counts what was not looked at among what there is more, unless nothing is shown', () => {
    const found = { models: [{ servedAs: 'a' }], moreModels: 7, loras: [] }
    expect(tellInventory(service(), found).more_models).toBe(7)
    expect(tellInventory(service({ foundModels: 'hide' }), found).more_models).toBe(0)
  })

  it('fits into its bytes, whatever there is', () => {
    const long = (index: number) => `${String(index).padStart(4, '0')}${'模'.repeat(196)}`
    const found = { models: many(999, long).map((servedAs) => ({ servedAs })), loras: many(999, long) }
    const all = Array.from({ length: 60 }, (_, index) => ({ id: `m${index}`, servedAs: `s${index}`, features: [] }))
    const told = tellInventory(
      service({ models: all }, (model, loras) =>
        loras.filter((_, index) => index % (Number(model.slice(1)) + 1) === 0)
      ),
      found
    )
    expect(inventoryBytes(told)).toBeLessThanOrEqual(MAX_INVENTORY_BYTES + 20)
    expect(told.usable_loras.length).toBeGreaterThan(0)
    expect(told.usable_loras.some(({ more }) => more)).toBe(true)
    expect(told.models.length + told.more_models).toBe(999)
    expect(readAgentMessage(JSON.stringify(told)).problem).toBeUndefined()
  })
})
