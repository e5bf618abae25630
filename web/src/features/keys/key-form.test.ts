import { describe, expect, it } from 'vitest'
import { describeDraft, EMPTY_KEY_FORM, fieldOf, hasLimitErrors, type KeyForm, readKeyForm } from './key-form.ts'

const NOW = new Date('2026-06-15T12:00:00').getTime()
const read = (part: Partial<KeyForm>, isAdmin = false) =>
  readKeyForm({ ...EMPTY_KEY_FORM, name: 'laptop', ...part }, { now: NOW, isAdmin })
const key = (part: Partial<KeyForm>, isAdmin = false) => {
  const result = read(part, isAdmin)
  if ('errors' in result) throw new Error(JSON.stringify(result.errors))
  return result.key
}

describe('readKeyForm', () => {
  it('sends no limits when nothing is filled in', () => {
    expect(key({ name: '  laptop ' })).toEqual({
      name: 'laptop',
      scopes: ['generate', 'agent'],
      expiresAt: null,
      limits: { imagesPerDay: null, imagesPerMonth: null, maxActive: null, maxPixels: null, models: null },
      rateLimit: null,
      responseFormat: null,
      visibility: null,
      expiresIn: null
    })
    expect(key({ name: 'laptop', responseFormat: 'url' }).responseFormat).toBe('url')
  })

  it('counts days from now', () => {
    expect(key({ expiry: '7' }).expiresAt).toBe(NOW + 7 * 24 * 3_600_000)
  })

  it('lets a key live through the chosen day, today included', () => {
    const end = new Date('2026-06-15T23:59:59.999').getTime()
    expect(key({ expiry: 'date', date: '2026-06-15' }).expiresAt).toBe(end)
  })

  it.each(['2026-06-14', ''])('refuses the day %j', (date) => {
    expect(read({ expiry: 'date', date })).toEqual({ errors: { date: expect.any(String) } })
  })

  it.each(['0', '-1', '1.5', '1e3', 'many', '99999999999999999999'])('refuses %j images a day', (imagesPerDay) => {
    expect(read({ imagesPerDay })).toEqual({ errors: { imagesPerDay: expect.any(String) } })
  })

  it('reads limits', () => {
    const { limits, rateLimit } = key({ imagesPerDay: '5', maxActive: ' 2 ', models: ['demo'], rateLimit: '60' })
    expect(limits).toMatchObject({ imagesPerDay: 5, imagesPerMonth: null, maxActive: 2, models: ['demo'] })
    expect(rateLimit).toBe(60)
  })

  it('lets admins alone lift the rate', () => {
    expect(key({ rateLimit: '0' }, true).rateLimit).toBe(0)
    expect(read({ rateLimit: '0' })).toEqual({ errors: { rateLimit: expect.any(String) } })
  })

  it('tells everything that is wrong at once', () => {
    expect(read({ name: ' ', scopes: [], models: [] })).toEqual({
      errors: { name: expect.any(String), scopes: expect.any(String), models: expect.any(String) }
    })
  })
})

describe('fieldOf', () => {
  it.each([
    ['name', 'name'],
    ['limits.maxActive', 'maxActive'],
    ['expiresAt', 'date'],
    ['toString', undefined],
    ['nonsense', undefined],
    [null, undefined]
  ])('finds %j', (param, field) => {
    expect(fieldOf(param)).toBe(field)
  })
})

it('knows which errors are of the limits, which are folded', () => {
  expect(hasLimitErrors({ name: 'x', scopes: 'x', date: 'x', responseFormat: 'x' })).toBe(false)
  for (const field of ['imagesPerDay', 'maxPixels', 'models', 'rateLimit']) {
    expect(hasLimitErrors({ [field]: 'x' })).toBe(true)
  }
})

describe('describeDraft', () => {
  it('says that nothing is filled in', () => expect(describeDraft(EMPTY_KEY_FORM)).toBe('None of its own'))
  it('names what is, and leaves out what cannot be read', () => {
    const form = { ...EMPTY_KEY_FORM, imagesPerDay: '20', maxActive: 'two', models: [], rateLimit: '0' }
    expect(describeDraft(form)).toBe('20 a day, any number of calls')
  })
})
