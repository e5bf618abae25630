import { expect, it } from 'vitest'
import { tellModel, tellMore, tellSpare, usableFirst } from './found-words.ts'

const model = (name: string, more: object = {}) => ({
  name,
  serves: [] as string[],
  isIncomplete: false,
  bytes: null,
  ...more
})

it('shows what is offered first, and what cannot be used last', () => {
  const models = [
    model('half', { isIncomplete: true }),
    model('spare'),
    model('own', { serves: ['a'] }),
    model('other')
  ]
  expect(usableFirst(models).map(({ name }) => name)).toEqual(['own', 'spare', 'other', 'half'])
})

it('says what of it callers can ask for', () => {
  expect(tellModel(model('x', { serves: ['flux', 'flux-fast'], isIncomplete: true }))).toBe(
    'Offered as flux, flux-fast'
  )
  expect(tellModel(model('x'))).toBe('Not offered')
  expect(tellModel(model('x', { isIncomplete: true }))).toMatch(/lacks/i)
  expect([tellMore(1, 'LoRA'), tellMore(2, 'LoRA')]).toEqual(['and 1 more LoRA', 'and 2 more LoRAs'])
  expect([tellSpare(1), tellSpare(3)]).toEqual(['1 more model on it, not offered', '3 more models on it, not offered'])
})
