import { expect, it } from 'vitest'
import type { ModelInfo } from '../../../src/http/dashboard/contract/requests.ts'
import { featuresOf } from './features-of.ts'
import { provider, service } from './request-samples.ts'

const model = (id: string, supported_features: string[]) => ({ id, supported_features }) as unknown as ModelInfo
const having = (features: string[], isOnline = false) => {
  const one = service({ models: ['flux'], canMake: false })
  return provider({ isOnline, services: [{ ...one, models: one.models.map((each) => ({ ...each, features })) }] })
}

it('a model can do what it is offered with, whatever machines that are away say', () => {
  const providers = [having(['generate', 'seed'])]
  expect(featuresOf('flux', { models: [model('flux', ['generate'])], providers })).toEqual(['generate'])
})

it('a model that nobody offers can do what the machines say that have it', () => {
  const providers = [having(['generate']), having(['generate', 'edit'], true)]
  expect(featuresOf('flux', { models: [model('sdxl', ['seed'])], providers })).toEqual(['generate', 'edit'])
})

it('of a model that no machine has nothing is known', () => {
  expect(featuresOf('other', { models: [], providers: [having(['generate'])] })).toBeUndefined()
})
