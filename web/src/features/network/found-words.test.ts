import { expect, it } from 'vitest'
import { provider, service } from '../../lib/request-samples.ts'
import { foundRows, mayBeOffered, modelRows, tellModel, tellMore, tellNone, tellSpare } from './found-words.ts'

const model = (name: string, more: object = {}) => ({
  name,
  serves: [] as string[],
  isIncomplete: false,
  bytes: null,
  ...more
})
const found = (models: ReturnType<typeof model>[], mayOffer = true) => ({
  ...{ at: 0, loras: [], moreModels: 0, moreLoras: 0, memory: null },
  models,
  mayOffer
})
const wish = (name: string, state: 'asked' | 'accepted' | 'refused' = 'asked', more: object = {}) => ({
  ...{ name, state, id: null, text: null, since: null },
  ...more
})
const online = { isOnline: true }
const row = (more: object = {}) => ({ ...model('x'), isGone: false, ...more })

it('lists what lies on machines of the reader and is not offered, with each machine that has it', () => {
  const rig = (name: string, isMine: boolean, part: object) =>
    provider({ id: name, name, isMine, services: [service({ id: name, ...part })] })
  const rows = foundRows([
    rig('rig', true, { found: found([model('b'), model('own', { serves: ['own'] })]), wanted: [] }),
    rig('attic', true, {
      found: found([model('b'), model('a')]),
      wanted: [wish('b', 'accepted'), wish('a', 'refused')]
    }),
    rig('theirs', false, { found: found([model('c')]), wanted: [] })
  ])
  expect(rows.map(({ name, machines }) => [name, machines.map((one) => one.provider.name)])).toEqual([
    ['a', ['attic']],
    ['b', ['rig']]
  ])
})

it('shows what is offered or wanted first, and what cannot be used last', () => {
  const models = [
    model('half', { isIncomplete: true }),
    model('spare'),
    model('own', { serves: ['a'] }),
    model('wanted')
  ]
  const service = { found: found(models), models: [{ id: 'a', features: [], isLoaded: true, canMake: true }] }
  const rows = modelRows({ ...service, wanted: [wish('wanted'), wish('gone', 'refused')] })
  expect(rows.map(({ name }) => name)).toEqual(['own', 'wanted', 'gone', 'spare', 'half'])
  expect(rows.map(({ isLoaded, isGone }) => [isLoaded, isGone])).toEqual([
    [true, false],
    [false, false],
    [false, true],
    [false, false],
    [false, false]
  ])
  // Of a machine that has told nothing since it came back.
  expect(modelRows({ found: null, wanted: [wish('x')], models: [] })).toMatchObject([{ name: 'x', isGone: false }])
})

it('says what of it callers can ask for, and what its agent makes of a wish', () => {
  expect(tellModel(row({ serves: ['flux', 'flux-fast'], isIncomplete: true }), online)).toBe(
    'Offered as flux, flux-fast'
  )
  expect(tellModel(row(), online)).toBe('Not offered')
  expect(tellModel(row({ isIncomplete: true }), online)).toMatch(/lacks/i)
  expect(tellModel(row({ wanted: wish('x') }), online)).toBe('Asked, no answer yet')
  expect(tellModel(row({ wanted: wish('x') }), { isOnline: false })).toMatch(/when it is back/)
  expect(tellModel(row({ wanted: wish('x', 'accepted', { id: 'short' }) }), online)).toBe('Offered as short')
  expect(tellModel(row({ wanted: wish('x', 'refused', { text: 'No room.' }) }), online)).toContain('“No room.”')
  expect(tellModel(row({ wanted: wish('x'), isGone: true }), online)).toMatch(/no longer has it/)
  expect([tellMore(1, 'LoRA'), tellMore(2, 'LoRA')]).toEqual(['and 1 more LoRA', 'and 2 more LoRAs'])
  expect([tellSpare(1), tellSpare(3)]).toEqual(['1 more model on it, not offered', '3 more models on it, not offered'])
})

it('says of a server without models to show what it lists instead', () => {
  expect([0, 1, 1200].map(tellNone)).toEqual([
    'Its image server lists no model that makes images.',
    'Its image server lists 1 model, whose name does not tell whether it makes images.',
    'Its image server lists 1,200 models, whose names do not tell whether they make images.'
  ])
})

it('lets be offered what the file allows, is whole and serves nothing yet', () => {
  const service = { found: found([]) }
  expect(mayBeOffered(model('x'), service)).toBe(true)
  expect(mayBeOffered(model('x'), { found: found([], false) })).toBe(false)
  expect(mayBeOffered(model('x'), { found: null })).toBe(false)
  expect(mayBeOffered(model('x', { serves: ['a'] }), service)).toBe(false)
  expect(mayBeOffered(model('x', { isIncomplete: true }), service)).toBe(false)
})
